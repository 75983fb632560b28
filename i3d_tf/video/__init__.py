"""Video files and frames: decoding, frame rates and sizes, black bars, drawing."""
