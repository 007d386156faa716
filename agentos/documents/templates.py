"""What a model is told to write: the skeleton of each document, with guidance in comments."""

LLD_TEMPLATE = """\
# LLD: <title of the issue>

## Objective

<!-- What is to be achieved and for whom, in two or three sentences. -->

## Requirements

<!-- One bullet each, numbered without gaps; every requirement and every acceptance criterion of
     the issue that is not ticked off is there, each of them testable. -->

- **R1** ...

## Files

<!-- Every file that changes. Check each path against the file list of the code base. -->

| File | Action | What changes |
| --- | --- | --- |
| `path/of/file.py` | create, modify or delete | ... |

## Design

<!-- How it is done: functions and classes with their signatures, data, errors, the order of
     events. Name what exists already and is used or changed. -->

## Test Scenarios

<!-- At least one for each requirement; the second column names the requirement. -->

| Test | Covers | Scenario |
| --- | --- | --- |
| T1 | R1 | ... |

## Security

<!-- What comes from outside, what must not leak, what is checked. -->

## Risks

<!-- What can go wrong, and what is done about it. -->

## Open Questions

<!-- What a person has to decide, above all where the issue is silent. "None." if there is none. -->
"""

ISSUE_TEMPLATE = """\
# <title: what will be true when it is done>

## Objective

<!-- What is to be achieved and for whom, in two or three sentences. -->

## Background

<!-- The problem, who has it, and what happens today. -->

## Requirements

<!-- A numbered list; each entry can be tested. -->

1. ...

## Files to Create/Modify

<!-- Only paths that the code base has, or that the brief names. -->

- `path/of/file.py`: what changes

## Acceptance Criteria

<!-- What one can do and see when it is done, numbers and messages included. -->

- [ ] ...

## Open Questions

<!-- What the brief leaves open. "None." if there is nothing. -->
"""

REVIEW_TEMPLATE = """\
<!-- Judge whether an engineer can start from the draft. Write nothing but this, in exactly this
     form. An approval has no findings; anything else has at least one. -->

# Verdict: approved | needs revision

## Findings

- **rule-in-kebab-case**: One sentence on one line: what is wrong, and what would mend it.
"""
