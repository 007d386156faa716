"""The issue that a project without a backlog begins with: an example of the form, and true work."""

EXAMPLE_NAME = "001-getting-started-page.md"

EXAMPLE_ISSUE = """\
---
state: open
---

# A page that gets newcomers started

<!--
This is an example of an issue. Each file issues/NNN-slug.md is one; its number is its id.
Write your own beside it and delete this one. Comments such as this are not shown to the rules.
Front matter, the lines between the two ---, is optional: with `state: closed` it is passed over.
-->

## Objective

Somebody who has just found this project wants to know within five minutes what it does and how to
try it. Today they have to read the code or ask.

## Requirements

<!-- What has to be true, one point a line. -->

- The page says in two sentences what the project is for.
- It lists what has to be installed first, with versions.
- It shows the commands from a fresh copy to a first result, in order.
- It says how to run the tests.

## Files to Create/Modify

- `docs/getting-started.md` (new): the page

## Acceptance Criteria

<!-- How one sees that it is done. Requirements and criteria are what a design is made from. -->

- [ ] Somebody who has never seen the project gets to a first result with this page alone.
- [ ] Every command of the page was typed as it stands there, and worked.

## Security

- The page shows no password, key or internal address.

## Risks

- The page grows old when commands change: the tests should run them.

## Out of Scope

- A reference of every function.
"""
