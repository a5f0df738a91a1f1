"""Question suites with known answers: asked, scored, and tabulated."""
