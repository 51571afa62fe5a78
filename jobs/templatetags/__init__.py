"""What the templates of the control room load."""
