"""Object stores: folders and files by s3:// and gs:// addresses, through fsspec."""
