"""From a trained Llama to GGUF files, whole and checked. Knows the order of the steps; each is a module of its own.

A file gets its name only after it was checked: in 16 bits its greedy tokens are those of transformers, and with fewer bits its
perplexity on held-out rows lies within the bound of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chordllama.errors import ChordLlamaError
from chordllama.training.export_checks import check_agreement, check_perplexity, perplexity
from chordllama.training.gguf_file import write_gguf
from chordllama.training.quantisation import WHOLE, check_quantisations, quantise
from chordllama.training.trained import Trained, trained


@dataclass(frozen=True, slots=True)
class Exported:
    """One file: its kind, where it is, and its perplexity a token on the model's held-out rows."""

    kind: str
    path: Path
    perplexity: float


Say = Callable[[str], None]


def export(
    run: Path, out: Path, quantisations: Sequence[str] = ("q4_k_m",), say: Say = lambda _: None
) -> list[Exported]:
    """Write `<name>-f16.gguf` and one file for each quantisation into the folder `out`; returns them in that order.

    `run` is a training run, whose best weights are taken, or a Hugging Face folder. `say` is told what each file's perplexity is.
    Raises ModelError: no such model, not a Llama, a tokenizer or quantisation we don't know, greedy tokens that differ from
    transformers', or a perplexity beyond its bound. Then nothing stands under the final name.
    """
    check_quantisations(quantisations)
    model = trained(run)
    out.mkdir(parents=True, exist_ok=True)
    whole = _whole(model, out)
    files = [whole, *(_quantised(model, whole, kind) for kind in quantisations)]
    for file in files:
        say(f"{file.path.name}: perplexity {file.perplexity:.3f} ({file.perplexity / whole.perplexity - 1:+.2%})")
    return files


def _whole(model: Trained, out: Path) -> Exported:
    path = out / f"{model.name}-{WHOLE}.gguf"
    with _part(path) as part:
        write_gguf(model, part)
        check_agreement(model, part)
        found = perplexity(model, part)
    return Exported(WHOLE, path, found)


def _quantised(model: Trained, whole: Exported, kind: str) -> Exported:
    path = whole.path.with_name(f"{model.name}-{kind}.gguf")
    with _part(path) as part:
        quantise(whole.path, part, kind)
        found = perplexity(model, part)
        check_perplexity(found, whole.perplexity, kind, model.name)
    return Exported(kind, path, found)


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A name to write under; the file is renamed when all went well and removed when not."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        cause = error.strerror or str(error)  # numpy says only how many bytes it could write
        raise ChordLlamaError(f"{path} can't be written", cause=cause, hint="is the disk full?") from error
    finally:
        part.unlink(missing_ok=True)
