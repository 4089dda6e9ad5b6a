"""Who did what, when and from where: appended, chained, proven."""
