"""The Open Inference Protocol V2 over HTTP, with its binary tensors: from tensors to rows, and back."""
