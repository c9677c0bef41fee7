"""The model card says how the networks differ in training, each in its own row."""

from emocam_utils.training.card import _compared


def test_networks_are_compared_by_seed_epochs_and_dropout(tmp_path):
    files = [tmp_path / "emonet.safetensors", tmp_path / "networks" / "b" / "emonet.safetensors"]
    records = [
        {
            "recipe": {"seed": seed, "epochs": epochs, "cam_dropout": dropout},
            "history": [{"loss": 3.0, "accuracy": 0.1}, {"loss": 0.5, "accuracy": 0.9}],
        }
        for seed, epochs, dropout in ((1, 15, 0.2), (0, 12, 0.0))
    ]
    table = _compared(tmp_path, files, records, [0.94, 0.96])
    assert table.index.tolist() == ["`emonet.safetensors`", "`networks/b/emonet.safetensors`"]
    assert table["seed"].tolist() == [1, 0] and table["epochs"].tolist() == [15, 12]
    assert table["dropout on conv5"].tolist() == [0.2, 0.0]
    assert table["test scenes right"].tolist() == [0.94, 0.96]
    assert table["calibration scenes right"].tolist() == [0.9, 0.9]
