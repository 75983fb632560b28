"""The training loop, the folder of a run, checkpoints, the devices it runs on."""
