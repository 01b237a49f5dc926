"""What is kept: the versioned report and the folder that it lies in."""
