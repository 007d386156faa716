# agentos in a project's Makefile: copy this file beside it and write `include agentos.mk`.
#
#   make lld-dry-run    what a run would do; needs no key if the models are embedded
#   make lld            a design for every open issue, J at once
#   make issues         an issue for every idea brief

AGENTOS ?= agentos
PROJECT ?= .
J ?= 3
# More options for each of them, such as --max-tokens 2000000.
AGENTOS_OPTIONS ?=
# Exit codes with which `lld` and `issues` pass. 3 means that no item failed and at least one needs
# revision: its document is written and asks its questions, which is no broken build. 0 alone for
# those who want it to be one.
PASS_ON ?= 0 3

.PHONY: lld-dry-run lld issues

lld-dry-run:  ## Say what `make lld` would do
	$(AGENTOS) parallel lld --all --project "$(PROJECT)" -j $(J) $(AGENTOS_OPTIONS) --dry-run

lld:  ## Design the open issues of PROJECT, J at once
	$(call run-agentos,lld)

issues:  ## Write an issue for each idea brief of PROJECT, J at once
	$(call run-agentos,issue)

# make itself ends with 2 for every code that does not pass, so the code is printed.
define run-agentos
@echo '$(AGENTOS) parallel $(1) --all --project "$(PROJECT)" -j $(J) $(AGENTOS_OPTIONS)'; \
code=0; \
$(AGENTOS) parallel $(1) --all --project "$(PROJECT)" -j $(J) $(AGENTOS_OPTIONS) || code=$$?; \
[ $$code -eq 0 ] || echo "agentos ended with exit code $$code" >&2; \
case " $(PASS_ON) " in *" $$code "*) exit 0 ;; esac; \
exit $$code
endef
