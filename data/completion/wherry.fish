# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of wherry and wherryd for fish. What there is, --help of the program itself says, so
# that nothing can be forgotten here: its usage line names the arguments, its list the options.

function __wherry_help --description 'The help of a program or of a subcommand, in English'
    LC_ALL=C.UTF-8 LANGUAGE= $argv --help 2>/dev/null </dev/null
end

function __wherry_place --description 'Candidates for a placeholder' --argument-names place word
    switch $place
        case '*FILE*'
            __fish_complete_path $word
        case '*DIR*'
            __fish_complete_directories $word
        case BOOL
            printf '%s\n' yes no
        case '*|*'
            # words to choose from; what has capitals stands for something
            string split '|' -- $place | string match -rv '[A-Z]'
    end
end

function __wherry_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l ask $words[1]
    set -l first 2

    if test (path basename -- $words[1]) = wherry
        if test (count $words) -eq 1; or test "$words[2]" = help -a (count $words) -eq 2
            $words[1] help 2>/dev/null | string replace -rf '^  ([a-z][a-z-]*) +(.*)$' '$1\t$2'
            test (count $words) -eq 1; and printf '%s\n' help --help --version
            return
        end
        string match -qr '^(-.*|help)$' -- $words[2]; and return
        set ask $words[1..2]
        set first 3
    end

    # what people read is in their language, what is looked at in English
    set -l help (__wherry_help $ask)
    set -l row '^  (?:(-.), )?(--[a-z0-9-]+)(?:=(\S+))?(?: .*)?$'
    set -l usage '^  .* \[OPTION[^]]*\] *(.*)$'
    set -l values (string replace -rf $row '$2=$3' -- $help) (string replace -rf '^  (-.), (--[a-z0-9-]+)=(\S+).*$' '$1=$3' -- $help)
    set -l places (string split -n ' ' -- (string replace -rf $usage '$1' -- $help)[1])

    set -l option
    set -l index 0
    for word in $words[$first..]
        if string match -q -- '-*' $word
            set option (string match -r -- "^"(string escape --style=regex -- $word)"=(.+)" $values)[2]
        else
            test -z "$option"; and set index (math $index + 1)
            set option
        end
    end

    if test -n "$option"
        __wherry_place $option $current
    else if set -l split (string match -r -- '^(--[a-z0-9-]+=)(.*)$' $current)
        set -l place (string match -r -- "^$split[2](.+)" $values)[2]
        string replace -r -- '^' $split[2] (__wherry_place "$place" $split[3])
    else if string match -q -- '-*' $current
        $ask --help 2>/dev/null </dev/null | string replace -rf '^  (?:-., )?(--[a-z0-9-]+)(?:=\S+)? +(.*)$' '$1\t$2'
    else if set -q places[1]
        set -l place $places[-1]
        if test $index -lt (count $places)
            set place $places[(math $index + 1)]
        else if not string match -q '*…*' -- $place
            return
        end
        __wherry_place (string replace -ra '[][<>…]' '' -- $place) $current
    end
end

complete -c wherry -f -a '(__wherry_complete)'
complete -c wherryd -f -a '(__wherry_complete)'
