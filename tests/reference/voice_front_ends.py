"""Check values of the voice front ends, for src/infer/voice/tests_front.rs.

pip install librosa==0.11.0 kaldi_native_fbank==1.23.0 onnxruntime numpy
python tests/reference/voice_front_ends.py jfk.wav ge2e_resemblyzer.onnx segmentation-3.0.onnx silero_vad_v6_sequence.onnx
"""
import sys
import wave

import kaldi_native_fbank as knf
import librosa
import numpy as np
import onnxruntime as ort

sound, ge2e, segmentation, vad = sys.argv[1:]
with wave.open(sound) as file:
    pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def show(name, values):
    print(name, " ".join(f"{v:.6e}" for v in np.asarray(values).ravel()))


# As Resemblyzer's audio.py, which passes nothing but these.
mel = librosa.feature.melspectrogram(y=pcm, sr=16000, n_fft=400, hop_length=160, n_mels=40).T.astype(np.float32)
print("mel", mel.shape)
for row in (0, 60, 300, len(mel) - 1):
    show(f"mel[{row}][0,10,20,30,39]", mel[row, [0, 10, 20, 30, 39]])

options = knf.FbankOptions()
options.frame_opts.dither = 0
options.frame_opts.window_type = "hamming"
options.frame_opts.samp_freq = 16000
options.mel_opts.num_bins = 80
options.energy_floor = 0
options.use_energy = False
bank = knf.OnlineFbank(options)
bank.accept_waveform(16000, (pcm * 32768).tolist())
bank.input_finished()
rows = np.array([bank.get_frame(i) for i in range(bank.num_frames_ready)])
print("fbank", rows.shape)
for row in (0, 60, 300, len(rows) - 1):
    show(f"fbank[{row}][0,20,40,60,79]", rows[row, [0, 20, 40, 60, 79]])

# The voice between 3.4 and 7.4 s: partials of 160 rows, 80 apart, at -30 dBFS.
level = 1e-3 / np.mean(pcm[340 * 160 : 740 * 160].astype(np.float64) ** 2)
partials = np.stack([mel[s : s + 160] for s in (340, 420, 500, 580)]) * np.float32(level)
voice = ort.InferenceSession(ge2e).run(None, {"mels": partials})[0].sum(0)
voice /= np.linalg.norm(voice)
print("voice: highest", np.argsort(-voice)[:5])
show("voice there", np.sort(-voice)[:5] * -1)

session = ort.InferenceSession(segmentation)
window = np.zeros((1, 1, 160000), np.float32)
window[0, 0] = pcm[:160000]
logs = session.run(None, {session.get_inputs()[0].name: window})[0][0]
p = np.exp(logs)
print("segmentation", p.shape)
activity = np.stack([p[:, 1] + p[:, 4] + p[:, 5], p[:, 2] + p[:, 4] + p[:, 6], p[:, 3] + p[:, 5] + p[:, 6]], 1)
for k in (5, 60, 250, 400):
    show(f"activity[{k}]", activity[k])

padded = np.concatenate([pcm, np.zeros(-len(pcm) % 512, np.float32)]).reshape(-1, 512)
context = np.concatenate([np.zeros((1, 64), np.float32), padded[:-1, -64:]])
zeros = np.zeros((1, 1, 128), np.float32)
p = ort.InferenceSession(vad).run(None, {"input": np.concatenate([context, padded], 1), "h": zeros, "c": zeros})[0]
show("speech[10..15]", p[10:16])
print("speech sum", p.sum(), len(p))
