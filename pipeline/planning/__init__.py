"""From scored listings to a week's targets: who they are, how much harm they may do, where they wait, and which of them fit; docs/planning.md."""
