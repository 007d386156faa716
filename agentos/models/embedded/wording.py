"""Sentences by which the embedded model says what it is."""

LLD_NOTE = (
    "Drafted by the embedded model: by rule, no language model took part. It arranges what the"
    " issue and the code say and lists what they leave open; every decision is still a person's."
)
ISSUE_NOTE = (
    "Written from the brief by the embedded model: by rule, no language model took part. Read it"
    " against the brief before work begins."
)
REVIEW_NOTE = (
    "Reviewed by the embedded model: by rule, no language model took part. It compares the draft"
    " with its source and the list of files; it does not judge ideas."
)
FILES_QUESTION = "Files: which files change? Nothing names them so far."
SECURITY_QUESTION = (
    "Security: does this touch input from outside, personal data, secrets or permissions? Nothing"
    " is said so far."
)
CRITERIA_QUESTION = "Acceptance criteria: how does one see that it is done? None are given so far."
