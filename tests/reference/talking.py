"""Scores of the faces of a talking clip, without this program: ffmpeg, NumPy, SciPy, OpenCV, python_speech_features, onnxruntime.

    pip install numpy scipy opencv-python-headless onnxruntime python_speech_features
    python talking.py talking_dev.mp4 talking_dev.truth.json MODEL.onnx... > talking_scores.json

Each face of each shot is one track: the truth's boxes, every fifth picture, joined by straight lines, held after the last one. Crops are
cut as LR-ASD's Columbia_test.py cuts them, without its detour over compressed face videos; one pass over the whole track.
"""

import json
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import onnxruntime
import python_speech_features
from scipy.signal import medfilt

CROP_SCALE = 0.4


def decoded(path, *options):
    command = ["ffmpeg", "-v", "error", "-i", path, *options, "-"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def pictures(path, truth):
    raw = decoded(path, "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "rgb24")
    return np.frombuffer(raw, np.uint8).reshape(-1, truth["height"], truth["width"], 3)


def sound(path):
    # Resampled as floats: what 16 bits lose on the way is heard in silence.
    samples = np.frombuffer(decoded(path, "-ac", "1", "-ar", "16000", "-f", "f32le"), np.float32)
    return np.rint(samples * 32768.0).clip(-32768, 32767).astype(np.int16)


def squares(frames, boxes, start, end):
    at = np.arange(start, end)
    boxes = np.float32(boxes).astype(float)
    box = np.stack([np.interp(at, frames, boxes[:, i]) for i in range(4)], axis=1)
    half = np.maximum(box[:, 3] - box[:, 1], box[:, 2] - box[:, 0]) / 2
    x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    return [medfilt(v, kernel_size=13) for v in (half, x, y)]


def crop(picture, half, x, y):
    pad = int(half * (1 + 2 * CROP_SCALE))
    frame = np.pad(picture, ((pad, pad), (pad, pad), (0, 0)), "constant", constant_values=(110, 110))
    y, x = y + pad, x + pad
    rows = slice(int(y - half), int(y + half * (1 + 2 * CROP_SCALE)))
    columns = slice(int(x - half * (1 + CROP_SCALE)), int(x + half * (1 + CROP_SCALE)))
    return cv2.cvtColor(cv2.resize(frame[rows, columns], (224, 224)), cv2.COLOR_RGB2GRAY)[56:168, 56:168]


def tracks(truth):
    for number, shot in enumerate(truth["shots"]):
        known = [b for b in truth["boxes"] if shot["start_frame"] <= b["frame"] < shot["end_frame"]]
        analysed = sorted({b["frame"] for b in known}) + [shot["end_frame"]]
        for who in sorted({b["identity"] for b in known}):
            own = [b for b in known if b["identity"] == who]
            end = min(f for f in analysed if f > own[-1]["frame"])
            yield number, who, [b["frame"] for b in own], [b["box"] for b in own], own[0]["frame"], end


def main(video, truth, *models):
    truth = json.load(open(truth))
    film, samples, out = pictures(video, truth), sound(video), []
    sessions = {pathlib.Path(m).stem: onnxruntime.InferenceSession(m, providers=["CPUExecutionProvider"]) for m in models}
    for number, who, frames, boxes, start, end in tracks(truth):
        half, x, y = squares(frames, boxes, start, end)
        faces = np.stack([crop(film[start + i], half[i], x[i], y[i]) for i in range(end - start)])
        mfcc = python_speech_features.mfcc(samples[start * 640 : end * 640], 16000, numcep=13, winlen=0.025, winstep=0.010)
        due = 4 * (end - start)
        mfcc = np.pad(mfcc, ((0, max(0, due - len(mfcc))), (0, 0)), "edge")[:due]
        feeds = {"audio": mfcc[None].astype(np.float32), "video": faces[None].astype(np.float32)}
        scores = {name: session.run(["logits"], feeds)[0][0, :, 1] for name, session in sessions.items()}
        scores = {name: [round(float(s), 4) for s in row] for name, row in scores.items()}
        out.append({"shot": number, "identity": who, "start_frame": start, "scores": scores})
    print("[\n" + ",\n".join(json.dumps(track, separators=(",", ":")) for track in out) + "\n]")


if __name__ == "__main__":
    main(*sys.argv[1:])
