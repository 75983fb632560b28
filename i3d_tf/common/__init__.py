"""What every wing uses: the command-line bootstrap, errors, files, processes, text, templates."""
