"""What every part of the package uses: argument checks, atomic writes, the progress bar, text, the version."""
