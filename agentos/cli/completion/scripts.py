"""The script of each shell: on Tab it runs the command, and takes an answer a line.

They stand in the place of those that click brings, since Tab must do no harm: nothing is printed
but the answer, no name of the answer is read as a pattern, a file or an option, and what the shell
has taken apart at `=` and `:` is whole. The command gets the line as it was typed, in variables
of its environment, and not as words, which each shell cuts in a way of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

INSTRUCTION = "_AGENTOS_COMPLETE"
"""Says which shell asks, as `bash_complete`; the name is click's."""

BEFORE, LINE, WORD = "_AGENTOS_BEFORE", "_AGENTOS_LINE", "_AGENTOS_WORD"
"""The line up to the cursor, all of it, and what bash is going to replace."""

_BASH = """\
if (( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404 )); then
    echo "agentos: its completion needs bash 4.4 or newer, this is $BASH_VERSION" >&2
else
    _agentos_completion() {
        local answer kind value
        COMPREPLY=()
        answer=$(env _AGENTOS_COMPLETE=bash_complete \\
            _AGENTOS_BEFORE="${COMP_LINE:0:COMP_POINT}" _AGENTOS_LINE="$COMP_LINE" \\
            _AGENTOS_WORD="$2" "${1/#~\\//$HOME/}" 2>/dev/null </dev/null) || return
        while IFS=, read -r kind value; do
            case $kind in
                plain) COMPREPLY+=("$value") ;;
                nospace) compopt -o nospace ;;
                dir) compopt -o dirnames ;;
            esac
        done <<<"$answer"
    }
    complete -o nosort -F _agentos_completion agentos
fi
"""

_ZSH = """\
#compdef agentos

_agentos_completion() {
    local kind value text
    local -a answer plain described stems
    answer=("${(@f)$(env _AGENTOS_COMPLETE=zsh_complete \\
        _AGENTOS_BEFORE="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" \\
        _AGENTOS_LINE="${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX$SUFFIX$QISUFFIX\\
 ${(j: :)words[CURRENT+1,-1]}" "${words[1]/#\\~\\//$HOME/}" 2>/dev/null </dev/null)}")
    [[ $PREFIX == --*=* ]] && compset -P 1 '*='
    for kind value text in "${answer[@]}"; do
        case $kind in
            plain) plain+=("$value") ;;
            described) described+=("$value:$text") ;;
            stem) stems+=("$value:$text") ;;
            dir) _path_files -/ ;;
        esac
    done
    (( $#described )) && _describe -V agentos described
    (( $#stems )) && _describe -V agentos-stems stems -S ''
    (( $#plain )) && compadd -V agentos-plain -a -- plain
}

if [[ $zsh_eval_context[-1] == *func ]]; then
    _agentos_completion "$@"  # a file of fpath, of which zsh has made a function
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef _agentos_completion agentos
fi
"""

_FISH = """\
function _agentos_completion
    set -l before (commandline -cp | string collect)
    set -l line (commandline -p | string collect)
    set -l started (commandline -ct)
    set -l option (string match -r -- '^--[^=]*=' $started)
    set -l value (string replace -r -- '^--[^=]*=' '' $started)
    set -l program (string match -r -- '^.*agentos$' (commandline -opc))[1]
    test -n "$program"; or return
    for answer in (env _AGENTOS_COMPLETE=fish_complete _AGENTOS_BEFORE="$before" \\
            _AGENTOS_LINE="$line" (string replace -r -- '^~/' "$HOME/" $program) \\
            2>/dev/null </dev/null)
        set -l parts (string split -m 1 , -- $answer)
        switch $parts[1]
            case plain
                printf '%s\\n' $parts[2]
            case dir
                string replace -r -- '^' "$option" (__fish_complete_directories $value)
        end
    end
end

complete -c agentos -f -k -a '(_agentos_completion)'
"""

SCRIPTS: Mapping[str, str] = MappingProxyType({"bash": _BASH, "zsh": _ZSH, "fish": _FISH})
