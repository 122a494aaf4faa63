"""The page: what a person sees of a desk."""
