"""Break-glass: a person of the company in a practice for hours, with a reason, told and judged afterwards."""
