"""Platforms, sites and social pages: which are known, under which law they run, what imitates them and how far each is trusted."""
