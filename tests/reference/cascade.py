"""Independent reference for the detectors of several networks: facenet-pytorch's procedure for MTCNN and face-api's for its
SSD and 68 points, in plain NumPy with onnxruntime.

    python3 tests/reference/cascade.py MODELS MEDIA > tests/reference/cascade_faces.json
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import onnxruntime


def session(models, name):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    net = onnxruntime.InferenceSession(str(Path(models) / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in net.get_outputs()]
    return lambda planes: dict(zip(names, net.run(None, {net.get_inputs()[0].name: np.ascontiguousarray(planes, np.float32)})))


def area(image, width, height):
    """torch.nn.functional.interpolate(mode="area"), pixel by pixel window."""
    h, w = image.shape[:2]
    sums = np.zeros((h + 1, w + 1, 3))
    sums[1:, 1:] = image.astype(np.float64).cumsum(0).cumsum(1)
    y, x = np.arange(height), np.arange(width)
    y0, y1, x0, x1 = y * h // height, -(-(y + 1) * h // height), x * w // width, -(-(x + 1) * w // width)
    total = sums[y1][:, x1] - sums[y0][:, x1] - sums[y1][:, x0] + sums[y0][:, x0]
    return (total / ((y1 - y0)[:, None] * (x1 - x0)[None])[..., None] - 127.5) * 0.0078125


def suppress(box, score, most, smaller=False):
    one = 1.0 if smaller else 0.0
    area = (box[:, 2] - box[:, 0] + one) * (box[:, 3] - box[:, 1] + one)
    order, kept = np.argsort(-score, kind="stable"), []
    while len(order):
        i, order = order[0], order[1:]
        kept.append(i)
        sides = np.minimum(box[i, 2:], box[order, 2:]) - np.maximum(box[i, :2], box[order, :2]) + one
        common = sides.clip(0).prod(1)
        over = common / np.minimum(area[i], area[order]) if smaller else common / (area[i] + area[order] - common)
        order = order[over <= most]
    return np.array(kept, int)


def squared(box):
    side, centre = (box[:, 2:] - box[:, :2]).max(1), box[:, :2] + (box[:, 2:] - box[:, :2]) / 2
    return np.hstack([centre - side[:, None] / 2, centre + side[:, None] / 2])


def moved(box, offsets, one):
    sides = np.tile(box[:, 2:] - box[:, :2] + one, 2)
    return box + offsets * sides


def crops(image, box, side):
    h, w = image.shape[:2]
    edge = np.trunc(box).astype(int)
    x, y = edge[:, 0].clip(1) - 1, edge[:, 1].clip(1) - 1
    ex, ey = edge[:, 2].clip(None, w), edge[:, 3].clip(None, h)
    inside = (ex > x) & (ey > y)
    parts = [area(image[y[i]:ey[i], x[i]:ex[i]], side, side).transpose(2, 0, 1) for i in np.flatnonzero(inside)]
    return np.array(parts).reshape(-1, 3, side, side), inside


def mtcnn(models, smallest=20):
    propose, refine, output = (session(models, f"mtcnn_{n}") for n in ("pnet", "rnet", "onet"))

    def detect(image):
        h, w = image.shape[:2]
        scale, boxes = 12 / smallest, [np.zeros((0, 9))]
        while min(h, w) * scale >= 12:
            found = propose(area(image, int(w * scale + 1), int(h * scale + 1)).transpose(2, 0, 1)[None])
            score = found["prob"][0, 1]
            y, x = np.nonzero(score >= 0.6)
            cell = np.floor(np.stack([2 * x + 1, 2 * y + 1, 2 * x + 12, 2 * y + 12], 1) / scale)
            level = np.hstack([cell, score[y, x, None], found["reg"][0][:, y, x].T])
            boxes.append(level[suppress(level[:, :4], level[:, 4], 0.5)])
            scale *= 0.709
        boxes = np.concatenate(boxes)
        boxes = boxes[suppress(boxes[:, :4], boxes[:, 4], 0.7)]
        box = squared(moved(boxes[:, :4], boxes[:, 5:], 0))
        pictures, inside = crops(image, box, 24)
        found, box = refine(pictures), box[inside]
        keep = found["prob"][:, 1] > 0.7
        box, score, offsets = box[keep], found["prob"][keep, 1], found["reg"][keep]
        keep = suppress(box, score, 0.7)
        box = squared(moved(box[keep], offsets[keep], 1))
        pictures, inside = crops(image, box, 48)
        found, box = output(pictures), box[inside]
        keep = found["prob"][:, 1] > 0.7
        box, score, offsets, points = box[keep], found["prob"][keep, 1], found["reg"][keep], found["landmarks"][keep]
        sides = box[:, 2:] - box[:, :2] + 1
        points = np.stack([sides[:, :1] * points[:, :5] + box[:, :1] - 1, sides[:, 1:] * points[:, 5:] + box[:, 1:2] - 1], 2)
        box = moved(box, offsets, 1)
        keep = suppress(box, score, 0.7, smaller=True)
        return score[keep], box[keep], points[keep].reshape(-1, 10)

    return detect


def faceapi(models):
    ssd, landmarks = (session(models, f"faceapi_{n}_u8") for n in ("ssd_mobilenetv1", "landmark68"))

    def detect(image):
        h, w = image.shape[:2]
        scale = 512 / max(h, w)
        fit = (int(w * scale + 0.5), int(h * scale + 0.5))
        canvas = np.zeros((512, 512, 3), np.float32)
        canvas[: fit[1], : fit[0]] = cv2.resize(image, fit, interpolation=cv2.INTER_LINEAR)
        found = ssd((canvas / 127.5 - 1).transpose(2, 0, 1)[None])
        box, score = found["boxes"][0][:, [1, 0, 3, 2]] * 512 * np.tile([w / fit[0], h / fit[1]], 2), found["scores"][0, :, 0]
        box, score = box[score >= 0.5], score[score >= 0.5]
        keep = suppress(box, score, 0.5)
        box, score = box[keep], score[keep]
        points = []
        for face in box:
            x1, y1 = np.floor(face[:2].clip(0)).astype(int)
            x2, y2 = np.floor(np.minimum(face[2:], (w, h))).astype(int)
            side = max(x2 - x1, y2 - y1)
            left, top = (side - (x2 - x1)) // 2, (side - (y2 - y1)) // 2
            square = np.zeros((side, side, 3), np.float32)
            square[top : top + y2 - y1, left : left + x2 - x1] = image[y1:y2, x1:x2]
            small = area(square, 112, 112) / 0.0078125 + 127.5
            small = (small - np.array([122.782, 117.001, 104.298])) / 255
            p = landmarks(small.transpose(2, 0, 1)[None])["landmarks"][0].reshape(68, 2) * side + (x1 - left, y1 - top)
            points.append(np.concatenate([p[36:42].mean(0), p[42:48].mean(0), p[30], p[48], p[54]]))
        return score, box, np.array(points).reshape(-1, 10)

    return detect


def main(models, media):
    cv2.setNumThreads(1)
    result = {}
    for name, detect in (("mtcnn", mtcnn(models)), ("faceapi", faceapi(models))):
        for path in sorted(Path(media, "groups").glob("*.jpg")) + sorted(Path(media, "friends_facebank").glob("*.png")):
            score, box, points = detect(cv2.imread(str(path))[..., ::-1])
            faces = [[round(float(v), 3) for v in np.hstack(face)] for face in zip(score, box, points)]
            result.setdefault(name, {})[f"{path.parent.name}/{path.name}"] = faces
    print("{\n" + ",\n".join(f"{json.dumps(n)}: {json.dumps(f)}" for n, f in result.items()) + "\n}")


if __name__ == "__main__":
    main(*sys.argv[1:])
