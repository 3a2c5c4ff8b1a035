"""DOUBLES of the outside world. They speak the wire and never import the code they face."""
