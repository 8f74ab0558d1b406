// What goes on between the first look for a server and the last suggestion. Knows neither window nor QML: what it needs of MuseScore comes
// in as `host`.
// ES5, for MuseScore 3 has an old engine. All stands inside one function, for in some versions of MuseScore 4 what stands at the top of a
// script is undefined when its functions run.

function make(texts, reading, inserting) {
    var text = texts.text;
    var errorInWords = texts.errorInWords;
    var Refusal = texts.Refusal;
    var countsInWords = texts.countsInWords;
    var fraction = reading.fraction;
    var plus = reading.plus;
    var times = reading.times;
    var stavesOf = reading.stavesOf;
    var barsOf = reading.barsOf;
    var lastIn = reading.lastIn;
    var planFor = reading.planFor;
    var documentFor = reading.documentFor;
    var insert = inserting.insert;
    var isAsBefore = inserting.isAsBefore;
    var firstMeasures = inserting.firstMeasures;
    var withSilence = inserting.withSilence;
    var walkMeasure = inserting.walkMeasure;
    var inTag = inserting.inTag;

    var VERSION = "0.1.0";
    var COMMAND = "chordllama serve";
    var SERVER = "http://127.0.0.1:8765";
    var API = 1;

    // New bars go into the score itself where the Cursor can write them, from 3.5 on.
    function canWriteInPlace(version) {
        return version[0] > 3 || (version[0] === 3 && version[1] >= 5);
    }

    // What a user may set and the plugin remembers. 0 bars and a temperature of -1 are as the server has them; several suggestions are the
    // plugin's own choice.
    var DEFAULTS = { server: "", bars: 0, suggestions: 3, temperature: -1, asFile: false };

    // What goes on between the first look for a server and the last suggestion. `host` offers
    //   score, division, version, language, fraction(n, d), element(type, property, value), undo(), redo(), CHORD,
    //   request(method, address, body, then(status, text, header)) -> {abort()}, later(milliseconds, then), now(),
    //   exported() -> MusicXML, opened(xml, name, kept) -> score, lookAt(name), lookBehind(element), closed(name),
    //   start(command) -> whether it can, changed(view)
    function session(host, saved) {
        var settings = {};
        for (var name in DEFAULTS) {
            settings[name] = saved && typeof saved[name] === typeof DEFAULTS[name] ? saved[name] : DEFAULTS[name];
        }
        settings.server = settings.server || SERVER;
        var state = { phase: "looking", model: "", chosen: {}, notes: [], rolls: [], current: 0, found: [] };
        var job = null, turn = 0, tabs = 0, offered = null;

        function say(key, values) {
            return text(host.language, key, values || []);
        }

        function complaint(error) {
            return error ? errorInWords(host.language, error) : "";
        }

        function change(more) {
            for (var name in more) {
                state[name] = more[name];
            }
            host.changed(view());
        }

        function view() {
            var inPlace = placed();
            return {
                phase: state.phase, message: state.message || "", notes: state.notes, rolls: state.rolls, progress: state.progress || 0,
                left: state.left || "", command: state.phase === "absent" ? COMMAND : "", canStart: host.version[0] === 3,
                settings: effective(), saved: saving(), staves: staves(), inPlace: inPlace, model: state.model, current: state.current,
                several: state.found.length > 1,
                canChooseFile: canWriteInPlace(host.version) && host.version[0] === 3
            };
        }

        // The settings as they hold: what nobody set is as the server has it.
        function effective() {
            return {
                server: settings.server, suggestions: settings.suggestions, asFile: settings.asFile,
                bars: settings.bars || standard("bars", 1), temperature: settings.temperature >= 0 ? settings.temperature : standard("temperature", 1)
            };
        }

        // What the server takes for a setting of `continue` that isn't sent.
        function standard(name, unknown) {
            var tasks = offered ? offered.tasks.filter(function (task) { return task.id === "continue"; }) : [];
            var own = tasks.length ? tasks[0].settings.filter(function (setting) { return setting.name === name; }) : [];
            return own.length && own[0]["default"] !== undefined ? own[0]["default"] : unknown;
        }

        // The settings as they are remembered: the usual address isn't, for another installation may have another one.
        function saving() {
            var kept = {};
            for (var name in settings) {
                kept[name] = settings[name];
            }
            kept.server = settings.server === SERVER ? "" : settings.server;
            return kept;
        }

        function staves() {
            return host.score ? stavesOf(host.score, host.language).map(function (staff) {
                return { index: staff.index, part: staff.part, name: staff.name, drums: staff.drums, on: !staff.drums && state.chosen[staff.index] !== false };
            }) : [];
        }

        function placed() {
            return canWriteInPlace(host.version) && !settings.asFile;
        }

        function address(path) {
            return settings.server.replace(/\/+$/, "") + path;
        }

        // Does something after a while, unless something else was begun meanwhile.
        function later(milliseconds, then) {
            var mine = turn;
            host.later(milliseconds, function () {
                if (mine === turn) {
                    then();
                }
            });
        }

        function ask(method, path, body, then) {
            var mine = turn;
            return host.request(method, address(path), body, function (status, answer, header) {
                if (mine === turn) {
                    then(status, parsed(answer), header);
                }
            });
        }

        // ------------------------------------------------------------------------------------------------- the server

        function look() {
            ++turn;
            ask("GET", "/health", null, function (status, health) {
                if (status !== 200 || !health) {
                    absent(health);
                } else if (health.api !== API) {
                    stranger(health);
                } else if (offered) {
                    ready(health);
                } else {
                    ask("GET", "/v1/capabilities", null, function (status, answer) {
                        if (status === 200 && answer && answer.tasks) {
                            offered = answer;
                            ready(health);
                        } else if (status === 404) {
                            stranger(health);
                        } else {
                            absent(answer);
                        }
                    });
                }
            });
        }

        // No server is there, or one that doesn't let the plugin in.
        function absent(answer) {
            var words = complaint(answer && answer.error);
            change({ phase: "absent", message: words || say("absent", [settings.server]), notes: words ? [] : [say("absentNote")] });
            later(1500, look);
        }

        function stranger(health) {
            change({ phase: "absent", message: say("otherApi", [VERSION, health.version]), notes: [] });
            later(3000, look);
        }

        function ready(health) {
            var notes = health.version === VERSION ? [] : [say("mismatch", [VERSION, health.version])];
            change({ phase: "start", model: health.model, notes: notes.concat(standing()), message: greeting(health) });
            if (health.status !== "ok") {
                later(700, look);
            }
        }

        function greeting(health) {
            return health.status === "ok" ? say("found", [health.model]) : say("loading");
        }

        // What is so from the beginning on.
        function standing() {
            var drums = staves().filter(function (staff) { return staff.drums; }).map(function (staff) { return staff.name; });
            var notes = drums.length ? [say("drumsStay", [drums.join(", ")])] : [];
            return placed() ? notes : notes.concat([say("wholeScore")]);
        }

        function startServer() {
            if (host.start(COMMAND)) {
                change({ message: say("starting") });
            }
        }

        // -------------------------------------------------------------------------------------------------- a job

        function go() {
            ++turn;
            var order, plan;
            try {
                plan = planFor(host, state.chosen, host.language, !placed());
                order = placed() ? { editor: documentFor(host, plan), format: "editor" } : { musicxml: exportedFor(plan), format: "json" };
            } catch (fault) {
                refuse(fault, standing());
                return;
            }
            order.candidates = settings.suggestions;
            if (settings.bars) {
                order.bars = settings.bars;
            }
            if (settings.temperature >= 0) {
                order.temperature = settings.temperature;
            }
            order.seed = Math.floor(host.now() / 7) % 2147483647;
            order.stream = true;
            var notes = plan.note ? [say(plan.note)] : [];
            var unsaid = order.editor ? countsInWords(host.language, order.editor.left_out) : "";
            state.standing = standing().concat(notes, unsaid ? [say("notSent", [unsaid])] : []);
            job = { id: "", plan: plan, placed: placed(), after: 0, bars: 0, began: 0, all: effective().bars * settings.suggestions, tries: 0, score: host.score };
            change({ phase: "writing", message: say("reading"), notes: state.standing, rolls: [], found: [], progress: 0, left: "", current: 0 });
            send(order);
        }

        function exportedFor(plan) {
            var xml = host.exported();
            if (!xml) {
                throw new Refusal("notExported");
            }
            return firstMeasures(xml, plan.last + 1);
        }

        function send(order) {
            ask("POST", "/v1/continue", JSON.stringify(order), function (status, answer, header) {
                if (status === 202 && answer) {
                    job.id = answer.id;
                    take(answer);
                } else if (status === 503 || status === 429) {
                    var seconds = Math.max(1, Number(header("Retry-After")) || 2);
                    change({ message: say("busy", [seconds]) });
                    later(1000 * seconds, function () { send(order); });
                } else if (status === 0) {
                    look();
                } else {
                    fail(answer && answer.error);
                }
            });
        }

        function poll() {
            ask("GET", "/v1/jobs/" + job.id + "?after=" + job.after, null, function (status, answer) {
                if (status === 200 && answer) {
                    job.tries = 0;
                    take(answer);
                } else if (status === 404 && answer) {
                    fail(answer.error);
                } else if (++job.tries > 5) {
                    end("serverLost");
                } else {
                    later(500, poll);
                }
            });
        }

        var ON = {
            queued: function (data) { change({ message: say("queued", [data.place]) }); },
            started: function () { job.began = host.now(); change({ message: say("reading") }); },
            bar: function (data) {
                ++job.bars;
                var roll = data.editor ? rollOfEvents(data.editor.bars[0]) : rollOfMeasures(data.musicxml || {});
                var rolls = state.rolls.slice();
                rolls[data.candidate] = (rolls[data.candidate] || []).concat([roll]);
                var seconds = Math.ceil((host.now() - job.began) / job.bars * (job.all - job.bars) / 1000);
                for (var n = 0; n < rolls.length; ++n) {
                    rolls[n] = rolls[n] || [];
                }
                change({ rolls: rolls, progress: job.bars / job.all, message: say("writing", [job.bars, job.all]), left: say("seconds", [seconds]) });
            },
            candidate: function (data) { state.found.push(data); }
        };

        function take(answer) {
            var ended = "", failure = null;
            answer.events.forEach(function (event) {
                job.after = event.id;
                (ON[event.event] || function () { })(event.data);
                ended = event.event === "done" || event.event === "error" ? event.event : ended;
                failure = event.event === "error" ? event.data.error : failure;
            });
            if (ended === "done") {
                suggest();
            } else if (ended) {
                fail(failure);
            } else {
                later(150, poll);
            }
        }

        function fail(error) {
            change({ phase: "start", message: complaint(error) || say("serverLost"), notes: standing(), rolls: [], left: "" });
        }

        function end(key) {
            ++turn;
            change({ phase: "start", message: say(key), notes: standing(), rolls: [], left: "" });
            later(1500, look);
        }

        function stop() {
            if (job && job.id) {
                host.request("POST", address("/v1/jobs/" + job.id + "/cancel"), null, function () { });
            }
            ++turn;
            change({ phase: "start", message: say("stopped"), notes: standing(), rolls: [], left: "" });
        }

        // ---------------------------------------------------------------------------------------------- suggestions

        function suggest() {
            var failures = state.found.filter(function (found) { return found.failure; }).map(function (found) { return found.failure; });
            state.found = state.found.filter(function (found) { return found.bars > 0; });
            state.found.sort(function (a, b) { return a.rank - b.rank; });
            if (!state.found.length) {
                fail(failures[0]);
                return;
            }
            state.rolls = state.found.map(function (found) { return state.rolls[found.candidate] || []; });
            show(0);
        }

        function show(number) {
            var found = state.found[number], notes = state.standing.slice();
            try {
                var put = job.placed ? insert(host, job.plan, found.editor) : opened(found, false);
                lookAtBar(put.first);
                var words = countsInWords(host.language, put.leftOut);
                notes = notes.concat(words ? [say("leftOut", [words])] : [], put.notes.map(function (key) { return say(key); }));
            } catch (fault) {
                refuse(fault, notes);
                return;
            }
            if (found.failure) {
                notes.push(say("fewer", [found.bars, complaint(found.failure)]));
            }
            var key = job.placed ? "suggestion" : "suggestionTab";
            change({ phase: "choosing", current: number, message: say(key, [number + 1, state.found.length]), notes: notes, left: "", progress: 1 });
        }

        function silent(found) {
            return withSilence(found.musicxml, job.plan.silent, job.plan.last + 1);
        }

        function opened(found, kept) {
            if (!kept) {
                job.tabName = job.plan.name + "-chordllama-" + (++tabs);
            }
            if (!host.opened(silent(found), job.tabName, kept)) {
                throw new Refusal("notOpened");
            }
            host.lookAt(job.tabName);
            return { first: job.plan.last + 1, leftOut: {}, notes: [] };
        }

        // The bars are there already: whatever happens here, they are not refused.
        function lookAtBar(number) {
            try {
                host.lookBehind(lastIn(barsOf(host)[number - 1], job.plan.staves[0], host));
            } catch (fault) {
                // the view stays where it is
            }
        }

        // Takes the suggestion out of the score again. Never undoes what the composer has done since.
        function takeBack() {
            if (!job.placed) {
                host.closed(job.tabName);
                host.lookAt(job.plan.name);
            } else if (!isAsBefore(host, job.plan)) {
                host.undo();
                if (!isAsBefore(host, job.plan)) {
                    host.redo();
                    throw new Refusal("changedSince");
                }
            }
        }

        function keep() {
            var found = state.found[state.current];
            if (!job.placed) {
                host.closed(job.tabName);
                try {
                    lookAtBar(opened(found, true).first);
                } catch (fault) {
                    refuse(fault, standing());
                    return;
                }
            }
            change({ phase: "start", message: say(job.placed ? "kept" : "keptTab", [found.bars]), notes: standing(), found: [] });
        }

        function next() {
            if (took()) {
                show((state.current + 1) % state.found.length);
            }
        }

        function discard() {
            if (took()) {
                change({ phase: "start", message: say("discarded"), notes: standing(), found: [], rolls: [] });
            }
        }

        function took() {
            try {
                takeBack();
                return true;
            } catch (fault) {
                refuse(fault, standing());
                return false;
            }
        }

        function refuse(fault, notes) {
            change({ phase: "start", message: say(fault.key || "notWritten", fault.values || [fault.message]), notes: notes, found: [], left: "" });
        }

        function set(name, value) {
            settings[name] = value;
            change(name === "asFile" ? { notes: standing() } : {});
            if (name === "server") {
                offered = null;
                look();
            }
        }

        // In place a staff goes on by itself, in a new tab all staves of its part.
        function chooseStaff(index, on) {
            var all = staves(), chosen = all.filter(function (staff) { return staff.index === index; })[0];
            all.forEach(function (staff) {
                if (staff.index === index || (!placed() && staff.part === chosen.part)) {
                    state.chosen[staff.index] = on;
                }
            });
            change({});
        }

        return {
            look: look, startServer: startServer, go: go, stop: stop, keep: keep, next: next, discard: discard, set: set,
            chooseStaff: chooseStaff, view: view
        };
    }

    function parsed(answer) {
        try {
            return answer ? JSON.parse(answer) : null;
        } catch (fault) {
            return null;
        }
    }

    // What a run without a window does (mscore3 -p): it writes bars after the score and opens the result. `host.request` answers at once.
    function continueAtOnce(host) {
        var plan = planFor(host, null, host.language, true), found = null, failure = "";
        var order = { musicxml: firstMeasures(host.exported(), plan.last + 1), format: "json" };
        host.request("POST", SERVER + "/v1/continue", JSON.stringify(order), function (status, answer) {
            var told = parsed(answer);
            found = status === 200 && told ? told.candidates[0].musicxml : null;
            failure = told && told.error ? told.error.message : "status " + status;
        });
        if (!found) {
            throw new Error(failure);
        }
        return host.opened(withSilence(found, plan.silent, plan.last + 1), host.score.scoreName + "-chordllama-1", false);
    }

    // what the window draws

    // A bar as a small drawing: [{x, y, width}], x and width as shares of the bar, y a MIDI key.
    function rollOfEvents(bar) {
        var found = [];
        bar.voices.forEach(function (voice) { rollOf(voice.events, [0, 1], [1, 1], bar.length, found); });
        return found;
    }

    function rollOf(events, at, ratio, length, found) {
        events.forEach(function (event) {
            if (event.events) {
                at = rollOf(event.events, at, times(ratio, fraction(event.tuplet[1], event.tuplet[0])), length, found);
                return;
            }
            var lasts = event.duration === "bar" ? length : times(event.duration, ratio);
            (event.notes || []).forEach(function (note) {
                found.push({ x: share(at, length), width: share(lasts, length), y: note.pitch });
            });
            at = plus(at, lasts);
        });
        return at;
    }

    function share(part, whole) {
        return part[0] * whole[1] / (part[1] * whole[0]);
    }

    var STEPS = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

    // The same from each part's <measure>.
    function rollOfMeasures(measures) {
        var found = [], longest = 1;
        for (var id in measures) {
            longest = Math.max(longest, walkMeasure(measures[id], function (element, onset, lasts) {
                if (inTag(element, "step")) {
                    var key = 12 * (Number(inTag(element, "octave")) + 1) + STEPS[inTag(element, "step")] + Number(inTag(element, "alter") || 0);
                    found.push({ x: onset, width: lasts, y: key });
                }
            }));
        }
        return found.map(function (note) { return { x: note.x / longest, width: note.width / longest, y: note.y }; });
    }


    return {
        VERSION: VERSION, DEFAULTS: DEFAULTS, session: session, continueAtOnce: continueAtOnce, canWriteInPlace: canWriteInPlace,
        rollOfEvents: rollOfEvents, rollOfMeasures: rollOfMeasures
    };
}

if (typeof module !== "undefined") {
    module.exports = make;
}
