# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion of wherry and wherryd for bash. What there is, --help of the program itself says, so
# that nothing can be forgotten here: its usage line names the arguments, its list the options.

# The help of a program or of one of its subcommands, in English.
_wherry_help ()
{
  LC_ALL=C.UTF-8 LANGUAGE='' "${1/#\~/$HOME}" "${@:2}" --help 2> /dev/null < /dev/null
}

# Completes a placeholder: what stands for files, for folders, or words to choose from. Where there
# is a readline, it looks for files itself, for it knows how to quote them.
_wherry_place ()
{
  case $1 in
    *FILE*) compopt -o default 2> /dev/null || mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    *DIR*) compopt -o dirnames 2> /dev/null || mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    BOOL) mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$2") ;;
    # words to choose from; what has capitals stands for something
    *'|'*) mapfile -t COMPREPLY < <(compgen -W "${1//|/ }" -X '*[A-Z]*' -- "$2") ;;
  esac
}

_wherry ()
{
  local program=$1 current=$2 first=1 option='' index=0 help line i
  local -A value=() # of an option: its placeholder
  local -a ask=() options=() places=()

  COMPREPLY=()
  if [[ ${program##*/} == wherry ]]; then
    if ((COMP_CWORD == 1)) || [[ ${COMP_WORDS[1]} == help && $COMP_CWORD == 2 ]]; then
      mapfile -t options < <(_wherry_help "$program" | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p')
      ((COMP_CWORD == 1)) && options+=(help --help --version)
      mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$current")
      return
    fi
    ask=("${COMP_WORDS[1]}")
    [[ ${ask[0]} != -* && ${ask[0]} != help ]] || return
    first=2
  fi
  help=$(_wherry_help "$program" "${ask[@]}") || return

  while IFS= read -r line; do
    if [[ $line =~ ^'  '(-(.),' ')?(--[a-z0-9-]+)(=([^ ]+))? ]]; then
      options+=("${BASH_REMATCH[3]}")
      value[${BASH_REMATCH[3]}]=${BASH_REMATCH[5]}
      [[ -z ${BASH_REMATCH[2]} ]] || value[-${BASH_REMATCH[2]}]=${BASH_REMATCH[5]}
    elif [[ ${#places[@]} == 0 && $line =~ ^'  '.*' [OPTION'[^]]*']'(.*) ]]; then
      read -ra places <<< "${BASH_REMATCH[1]}"
    fi
  done <<< "$help"

  # which option waits for its value, or else which of the arguments this is
  [[ $current != '=' ]] || current=''
  [[ $current != :* && ${COMP_WORDS[COMP_CWORD - 1]} != :* ]] || return
  for ((i = first; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      '=') ;;
      :*) ((++i)) ;; # readline's words end at a colon, an address does not
      -*)
        option=''
        [[ -z ${value[${COMP_WORDS[i]}]} ]] || option=${COMP_WORDS[i]}
        ;;
      *)
        [[ -n $option ]] || ((++index))
        option=''
        ;;
    esac
  done

  if [[ -n $option ]]; then
    _wherry_place "${value[$option]}" "$current"
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$current")
  elif ((${#places[@]} > 0)); then
    line=${places[-1]}
    if ((index < ${#places[@]})); then
      line=${places[index]}
    elif [[ $line != *…* ]]; then
      return
    fi
    line=${line//[]\[<>…]/}
    _wherry_place "$line" "$current"
  fi
}

complete -F _wherry wherry wherryd
