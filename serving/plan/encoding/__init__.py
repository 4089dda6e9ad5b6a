"""The steps before the model, as plain JSON and as what makes a matrix of rows or of columns."""
