"""How good a version's answers were: measured where outcomes came, estimated where they have not."""
