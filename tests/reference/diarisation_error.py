"""Diarisation error rates as pyannote.metrics counts them, for tests/program/voices.rs.

pip install pyannote.metrics==4.2.0
python tests/reference/diarisation_error.py FOLDER_OF_TRUTH FOLDER_OF_HEARD

Prints JSON: for each collar (seconds on each side of a true border) the rate in per cent over all recordings, and that of each. The
whole recording counts, from 0 to the end of the .wav beside its truth, and overlap counts.
"""
import json
import sys
import wave
from pathlib import Path

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate


def read(path):
    annotation = Annotation()
    for track, line in enumerate(path.read_text().splitlines()):
        _, _, _, start, length, _, _, speaker, *_ = line.split()
        annotation[Segment(float(start), float(start) + float(length)), track] = speaker
    return annotation


def length(path):
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


truth, heard = map(Path, sys.argv[1:])
rates = {}
for collar in (0.25, 0.0):
    # pyannote.metrics gives the whole width of a collar.
    metric = DiarizationErrorRate(collar=2 * collar)
    each = {}
    for path in sorted(heard.glob("*.rttm")):
        uem = Timeline([Segment(0, length(truth / f"{path.stem}.wav"))])
        each[path.stem] = 100 * metric(read(truth / path.name), read(path), uem=uem)
    rates[str(collar)] = {"all": 100 * abs(metric), "recordings": each}
print(json.dumps(rates))
