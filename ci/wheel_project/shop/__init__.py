"""The app of a project that has only the wheel."""
