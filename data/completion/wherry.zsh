#compdef wherry wherryd
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of wherry and wherryd for zsh. What there is, --help of the program itself says, so
# that nothing can be forgotten here: its usage line names the arguments, its list the options.

# _wherry_action PLACEHOLDER: how _arguments completes it, in $reply.
_wherry_action ()
{
  case $1 in
    (*FILE*) reply='_files' ;;
    (*DIR*) reply='_files -/' ;;
    (BOOL) reply='(yes no)' ;;
    # words to choose from; what has capitals stands for something
    (*'|'*) reply="(${${(s:|:)1}:#*[A-Z]*})" ;;
    (*) reply='( )' ;;
  esac
}

_wherry ()
{
  local program=$words[1] ask line name text reply more
  local -a commands specs places match mbegin mend
  local -A told
  integer place=0

  ask=$program
  if [[ ${program:t} == wherry ]]; then
    if (( CURRENT == 2 )) || [[ $words[2] == help && $CURRENT == 3 ]]; then
      for line in ${(f)"$(_call_program commands $program help)"}; do
        [[ $line =~ '^  ([a-z][a-z-]*) +(.*)$' ]] && commands+=("$match[1]:${match[2]//:/\\:}")
      done
      (( CURRENT == 2 )) && commands+=(help --help --version)
      _describe -t commands command commands
      return
    fi
    [[ $words[2] == (-*|help) ]] && return 1
    ask="$program $words[2]"
    shift words
    (( CURRENT-- ))
  fi

  # what people read is in their language, what is looked at in English
  for line in ${(f)"$(_call_program options $ask --help)"}; do
    [[ $line =~ '^  (-., )?(--[a-z0-9-]+)(=[^ ]+)?  +(.*)$' ]] && told[$match[2]]=$match[4]
  done
  for line in ${(f)"$(_call_program options LC_ALL=C.UTF-8 LANGUAGE= $ask --help)"}; do
    if [[ $line =~ '^  (-(.), )?(--[a-z0-9-]+)(=([^ ]+))?( |$)' ]]; then
      name=$match[3] more=$match[2] text=${told[$match[3]]//(#m)[][:\\]/\\$MATCH}
      if [[ -n $match[5] ]]; then
        line=${match[5]//:/\\:}
        _wherry_action $match[5]
        specs+=("*${name}=[$text]:${line}:$reply")
        [[ -n $more ]] && specs+=("*-${more}+[$text]:${line}:$reply")
      else
        specs+=("*${name}[$text]")
        [[ -n $more ]] && specs+=("*-${more}[$text]")
      fi
    elif [[ ${#places} == 0 && $line =~ '^  .* \[OPTION[^]]*\](.*)$' ]]; then
      places=(${=match[1]})
    fi
  done
  for line in $places; do
    (( ++place ))
    name=${${line//[][<>]/}%…}
    _wherry_action $name
    name=${name//:/\\:}
    if [[ $line == *…* ]]; then
      specs+=("*:${name}:$reply")
    else
      specs+=("${place}::${name}:$reply")
    fi
  done
  _arguments -s -S $specs
}

_wherry "$@"
