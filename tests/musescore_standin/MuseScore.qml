import QtQuick
import "score.js" as Model

// The type of the module `MuseScore 3.0`; versions and score come in as the context's `standin`.
Item {
    signal run()

    property string menuPath
    property string version
    property string description
    property string pluginType
    property bool requiresScore
    // 4.0 only: title categoryCode thumbnailName

    property int division: 480
    property int mscoreMajorVersion: standin.version[0]
    property int mscoreMinorVersion: standin.version[1]
    property int mscoreUpdateVersion: standin.version[2]
    property var curScore: null
    property var readFrom: []

    readonly property var element: Model.Elements

    Component.onCompleted: curScore = standin.score ? new Model.Score(JSON.parse(standin.score)) : null

    function fraction(numerator, denominator) { return { numerator: numerator, denominator: denominator }; }

    function newElement(type) {
        if (type === undefined || standin.refuses.indexOf(type) >= 0) {
            return null;
        }
        return { type: type };
    }

    function cmd(name) {
        if (name === "next-chord") {
            curScore.goToNextChord();
        } else if (name === "undo" || name === "redo") {
            curScore[name]();
        } else {
            throw new Error("no command " + name);
        }
    }

    function told() { return curScore ? JSON.stringify(curScore.tell()) : ""; }
    function edit() { curScore.edit(); return ""; }
    function undoSteps() { return curScore.undone.length; }
    function barsSeen() { return JSON.stringify(curScore.barsSeen); }
    function isOpen() { return curScore.open; }
    function quit() { throw new Error("Qt.quit in MuseScore 4"); }
}
