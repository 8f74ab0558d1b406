// What the plugin says, in English and German, and refusals in these words.
// ES5, for MuseScore 3 has an old engine. All stands inside one function, for in some versions of MuseScore 4 what stands at the top of a
// script is undefined when its functions run.

function make() {
    var TEXTS = {
        title: ["Continue the music", "Die Musik weiterschreiben"],
        bars: ["Bars", "Takte"],
        suggestions: ["Suggestions", "Vorschläge"],
        careful: ["careful", "vorsichtig"],
        adventurous: ["adventurous", "abenteuerlich"],
        staves: ["Staves", "Systeme"],
        staffNumber: ["Staff {0}", "System {0}"],
        all: ["all", "alle"],
        server: ["Server", "Server"],
        go: ["Continue", "Weiterschreiben"],
        stop: ["Stop", "Anhalten"],
        keep: ["Keep", "Behalten"],
        next: ["Next", "Nächster"],
        discard: ["Discard", "Verwerfen"],
        start: ["Start it", "Starten"],
        found: ["Ready: {0}", "Bereit: {0}"],
        loading: ["The model is being loaded.", "Das Modell wird geladen."],
        looking: ["Looking for the server …", "Der Server wird gesucht …"],
        absent: ["No ChordLlama is running at {0}. In a terminal, this starts it:", "Unter {0} läuft kein ChordLlama. In einem Terminal startet ihn:"],
        absentNote: ["This window looks again by itself.", "Dieses Fenster sieht von selbst wieder nach."],
        starting: ["Starting …", "Wird gestartet …"],
        queued: ["Waiting: place {0} in the queue", "Wartet: Platz {0} in der Schlange"],
        reading: ["The model reads the score …", "Das Modell liest die Partitur …"],
        writing: ["Bar {0} of {1}", "Takt {0} von {1}"],
        seconds: ["about {0} s left", "noch etwa {0} s"],
        suggestion: ["Suggestion {0} of {1} is in the score.", "Vorschlag {0} von {1} steht in der Partitur."],
        suggestionTab: ["Suggestion {0} of {1} is open in a new tab.", "Vorschlag {0} von {1} ist in einem neuen Reiter offen."],
        kept: ["{0} new bars are kept. One undo takes them back.", "{0} neue Takte bleiben. Einmal Rückgängig nimmt sie zurück."],
        keptTab: ["{0} new bars are in the new tab; the old one is as it was.", "{0} neue Takte stehen im neuen Reiter; der alte ist wie zuvor."],
        discarded: ["The score is as it was.", "Die Partitur ist wie zuvor."],
        stopped: ["Stopped. The score is as it was.", "Angehalten. Die Partitur ist wie zuvor."],
        noScore: ["There is no score: open one first.", "Es gibt keine Partitur: bitte zuerst eine öffnen."],
        emptyScore: ["The score has no notes yet: write a bar or two, the music goes on from there.", "Die Partitur hat noch keine Noten: bitte einen oder zwei Takte schreiben, von dort geht es weiter."],
        onlyDrums: ["There are only percussion staves, which can't be continued.", "Es gibt nur Schlagzeugsysteme, die nicht weitergeschrieben werden können."],
        noStaves: ["Choose at least one staff.", "Bitte mindestens ein System wählen."],
        drumsStay: ["Percussion stays as it is: {0}", "Schlagzeug bleibt, wie es ist: {0}"],
        busy: ["The server is busy. Next try in {0} s.", "Der Server ist beschäftigt. Nächster Versuch in {0} s."],
        mismatch: ["The plugin is version {0}, the server {1}. Run: chordllama plugin install", "Das Plugin hat Version {0}, der Server {1}. Bitte ausführen: chordllama plugin install"],
        otherApi: ["The server ({1}) doesn't speak this plugin's language ({0}). Run: chordllama plugin install, and open this window again.", "Der Server ({1}) spricht nicht die Sprache dieses Plugins ({0}). Bitte ausführen: chordllama plugin install, und dieses Fenster neu öffnen."],
        musicFollows: ["There is music after the selection: the new bars are put at the score's end.", "Nach der Auswahl folgt Musik: die neuen Takte kommen ans Ende der Partitur."],
        copyEnds: ["The new tab ends with the selection and its new bars.", "Der neue Reiter endet mit der Auswahl und ihren neuen Takten."],
        otherMetre: ["The score ends in another metre than the selection: the new bars can't follow there.", "Die Partitur endet in einer anderen Taktart als die Auswahl: dort können die neuen Takte nicht folgen."],
        unreadable: ["Bar {0} can't be read: its notes don't fit its length.", "Takt {0} ist nicht lesbar: seine Noten passen nicht zu seiner Länge."],
        changed: ["The score was changed meanwhile: nothing was put into it.", "Die Partitur wurde inzwischen geändert: es wurde nichts eingesetzt."],
        changedSince: ["The score was changed after the suggestion was put into it, which stays there: undo takes it back.", "Die Partitur wurde geändert, nachdem der Vorschlag eingesetzt war; er bleibt darin: Rückgängig nimmt ihn heraus."],
        notWritten: ["The bars could not be put into the score, which is as it was: {0}", "Die Takte konnten nicht eingesetzt werden, die Partitur ist wie zuvor: {0}"],
        notExported: ["MuseScore could not export the score as MusicXML.", "MuseScore konnte die Partitur nicht als MusicXML exportieren."],
        notOpened: ["MuseScore could not open the result.", "MuseScore konnte das Ergebnis nicht öffnen."],
        serverLost: ["The server does not answer any more. The score is as it was.", "Der Server antwortet nicht mehr. Die Partitur ist wie zuvor."],
        fewer: ["Fewer bars than asked for: {0}. {1}", "Weniger Takte als gewünscht: {0}. {1}"],
        finalStays: ["The old final bar line is still there: this version of MuseScore doesn't move it.", "Der alte Schlussstrich steht noch da: diese MuseScore-Version verschiebt ihn nicht."],
        leftOut: ["Left out: {0}", "Weggelassen: {0}"],
        notSent: ["Not shown to the model: {0}", "Dem Modell nicht gezeigt: {0}"],
        wholeScore: ["This version of MuseScore gets the result in a new tab.", "In dieser MuseScore-Version erscheint das Ergebnis in einem neuen Reiter."],
        asFile: ["as a new tab", "als neuer Reiter"],
        "grace notes": ["grace notes", "Vorschlagsnoten"],
        ties: ["ties", "Haltebögen"],
        slurs: ["slurs", "Bögen"],
        hairpins: ["hairpins", "Gabeln"],
        dynamics: ["dynamics", "Dynamik"],
        articulations: ["articulations", "Artikulation"],
        "chord symbols": ["chord symbols", "Akkordsymbole"],
        clefs: ["clefs", "Schlüssel"],
        voices: ["voices", "Stimmen"]
    };

    // The server's errors by their codes; {0} is what it says itself, in English.
    var ERRORS = {
        prompt_too_long: ["These are more staves than the model reads: continue fewer of them.", "Das sind mehr Systeme, als das Modell liest: bitte weniger weiterschreiben."],
        file_rejected: ["The server can't read what MuseScore exported: {0}", "Der Server kann nicht lesen, was MuseScore exportiert hat: {0}"],
        score_rejected: ["The server can't read this score: {0}", "Der Server kann diese Partitur nicht lesen: {0}"],
        not_in_score: ["That doesn't fit this score: {0}", "Das passt nicht zu dieser Partitur: {0}"],
        not_possible: ["The server can't do that: {0}", "Das kann der Server nicht: {0}"],
        invalid_value: ["The server doesn't accept a setting: {0}", "Der Server nimmt eine Einstellung nicht an: {0}"],
        too_large: ["The score is too large for the server: {0}", "Die Partitur ist zu groß für den Server: {0}"],
        model_failed: ["The model can't go on: {0}", "Das Modell kann nicht weiterschreiben: {0}"],
        endpoint_failed: ["The model runs on another server, which doesn't answer as it should: {0}", "Das Modell läuft auf einem anderen Server, der nicht richtig antwortet: {0}"],
        engine_died: ["The program that writes has crashed. Please try again.", "Das schreibende Programm ist abgestürzt. Bitte noch einmal versuchen."],
        cancelled: ["The server cancelled the job. Please try again.", "Der Server hat den Auftrag abgebrochen. Bitte noch einmal versuchen."],
        not_found: ["The server no longer knows this job. Please try again.", "Der Server kennt diesen Auftrag nicht mehr. Bitte noch einmal versuchen."],
        wrong_key: ["This server asks for a key, which the plugin doesn't have: start one without.", "Dieser Server verlangt einen Schlüssel, den das Plugin nicht hat: bitte einen ohne starten."],
        unknown_host: ["The server doesn't go by this name: use 127.0.0.1 in its address, or start it with --allow-host.", "Der Server hört nicht auf diesen Namen: bitte in seiner Adresse 127.0.0.1 angeben oder ihn mit --allow-host starten."]
    };

    function text(language, key, values) {
        return TEXTS[key] ? filled(TEXTS[key], language, values) : key;
    }

    function filled(words, language, values) {
        return words[language === "de" ? 1 : 0].replace(/\{(\d)\}/g, function (_, place) { return values[Number(place)]; });
    }

    // What is said of a server's error; "" where it is none of ours.
    function errorInWords(language, error) {
        var own = [error.message, error.cause, error.hint].filter(function (words) { return words; }).join(". ");
        return ERRORS[error.code] ? filled(ERRORS[error.code], language, [own]) : own;
    }

    // An error whose words are in the table. It is no Error, whose message can't be set in Qt 5.
    function Refusal(key, values) {
        this.key = key;
        this.values = values || [];
        this.message = text("en", key, this.values);
    }

    function countsInWords(language, counts) {
        var words = [];
        for (var name in counts) {
            if (counts[name] > 0) {
                words.push(counts[name] + " " + text(language, name, []));
            }
        }
        return words.join(", ");
    }

    return {
        TEXTS: TEXTS, ERRORS: ERRORS, text: text, errorInWords: errorInWords, Refusal: Refusal, countsInWords: countsInWords
    };
}

if (typeof module !== "undefined") {
    module.exports = make;
}
