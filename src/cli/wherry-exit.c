/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <gio/gio.h>

#include "cli/wherry-exit.h"
#include "lib/wherry.h"

static WherryExit
of_wherry (int code)
{
  switch ((WherryError) code)
    {
    case WHERRY_ERROR_INVALID_ARGUMENT:
      return WHERRY_EXIT_USAGE;
    case WHERRY_ERROR_CLOSED:
    case WHERRY_ERROR_TIMEOUT:
    case WHERRY_ERROR_NOT_FOUND:
      return WHERRY_EXIT_NOT_REACHED;
    case WHERRY_ERROR_FORBIDDEN:
    case WHERRY_ERROR_LIMIT:
    case WHERRY_ERROR_UNVERIFIED:
      return WHERRY_EXIT_REFUSED;
    case WHERRY_ERROR_FAILED:
    case WHERRY_ERROR_PROTOCOL:
    case WHERRY_ERROR_UNSUPPORTED:
    case WHERRY_ERROR_TOO_LARGE:
    case WHERRY_ERROR_WOULD_BLOCK:
    case WHERRY_ERROR_RESOURCES:
    case WHERRY_ERROR_INVALID_STATE:
      break;
    }
  return WHERRY_EXIT_FAILED;
}

static WherryExit
of_gio (int code)
{
  /* few of very many, so no switch that would have to list them all */
  static const int not_reached[] = { G_IO_ERROR_HOST_NOT_FOUND,      G_IO_ERROR_HOST_UNREACHABLE,
                                     G_IO_ERROR_NETWORK_UNREACHABLE, G_IO_ERROR_CONNECTION_REFUSED,
                                     G_IO_ERROR_TIMED_OUT,           G_IO_ERROR_CONNECTION_CLOSED };
  static const int in_the_way[]
      = { G_IO_ERROR_EXISTS,        G_IO_ERROR_NO_SPACE,          G_IO_ERROR_IS_DIRECTORY,
          G_IO_ERROR_NOT_DIRECTORY, G_IO_ERROR_FILENAME_TOO_LONG, G_IO_ERROR_READ_ONLY };

  if (code == G_IO_ERROR_CANCELLED)
    return WHERRY_EXIT_INTERRUPTED;
  for (guint i = 0; i < G_N_ELEMENTS (not_reached); i++)
    if (code == not_reached[i])
      return WHERRY_EXIT_NOT_REACHED;
  for (guint i = 0; i < G_N_ELEMENTS (in_the_way); i++)
    if (code == in_the_way[i])
      return WHERRY_EXIT_IN_THE_WAY;
  return WHERRY_EXIT_FAILED;
}

WherryExit
wherry_exit_of_error (const GError *error)
{
  if (error == NULL)
    return WHERRY_EXIT_FAILED;
  if (error->domain == G_OPTION_ERROR)
    return WHERRY_EXIT_USAGE;
  if (error->domain == WHERRY_ERROR)
    return of_wherry (error->code);
  if (error->domain == G_IO_ERROR)
    return of_gio (error->code);
  return WHERRY_EXIT_FAILED;
}
