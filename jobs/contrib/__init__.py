"""What joins Make It So to other packages. Nothing else in `jobs` knows it."""
