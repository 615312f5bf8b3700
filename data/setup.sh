# shellcheck shell=sh
# Shared by data/start and tests/run, which source it from the top of the tree. POSIX sh.

say ()
{
  printf '==> %s\n' "$*"
}

fail ()
{
  printf '\n%s: %s\n' "$0" "$*" >&2
  exit 1
}

# missing_packages SECTION...: those of data/packages that this machine does not have.
missing_packages ()
{
  for section in "$@"; do
    while read -r in_section package command; do
      [ "$in_section" = "$section" ] || continue
      if [ -n "$command" ] && command -v "$command" > /dev/null; then continue; fi
      case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2> /dev/null)" in
        ii*) ;;
        *) echo "$package" ;;
      esac
    done < data/packages
  done
}

# install_packages SECTION...: asks nothing and, when nothing is missing, does nothing.
install_packages ()
{
  command -v dpkg-query > /dev/null ||
    fail "this is not Debian; install what data/packages lists, then run 'meson setup build'"
  missing=$(missing_packages "$@" | tr '\n' ' ')
  [ -n "$missing" ] || return 0

  say "Installing Debian packages: $missing"
  command -v apt-get > /dev/null || fail "there is no apt-get to install them with: $missing"
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null ||
      fail "not root, and there is no sudo. As root: apt-get install $missing"
    as_root=sudo
  fi
  $as_root apt-get -q update ||
    fail "apt-get update failed: is the network up, and does /etc/apt name a Debian 12 archive?"
  # shellcheck disable=SC2086 # a list of words
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y --no-install-recommends install $missing ||
    fail "apt-get could not install: $missing (this needs the packages of Debian 12)"
}

# configure_build DIRECTORY [MESON OPTION...]: what is built there already stays.
configure_build ()
{
  build=$1
  shift
  [ "$(cat "$build/wanted" 2> /dev/null)" != "$*" ] || return 0
  say "Configuring $build"
  mkdir -p "$build"
  if [ -f "$build/build.ninja" ]; then
    meson configure "$build" "$@" > "$build/setup.log" 2>&1
  else
    meson setup "$build" "$@" > "$build/setup.log" 2>&1
  fi || {
    tail -20 "$build/setup.log"
    fail "meson could not configure $build; what it said is above"
  }
  echo "$*" > "$build/wanted"
}

# compile BUILD [TARGET...]
compile ()
{
  say "Building in $1"
  { ninja -C "$1" build.ninja > /dev/null && ninja --quiet -C "$@"; } ||
    fail "the build failed; what the compiler said is above"
}
