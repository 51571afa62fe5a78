"""What the control room looks like in eight states of trouble, each made for real."""
