/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"

G_DEFINE_QUARK (wherry - file - error, wherry_file_error)

const char *
wherry_file_replaced_text (void)
{
  return _ ("another receiver has the same code, and took its place");
}

WherryExit
wherry_file_exit_of_error (const GError *error, gboolean remote)
{
  if (error == NULL || error->domain != WHERRY_FILE_ERROR)
    return wherry_exit_of_error (error);
  switch ((WherryFileError) error->code)
    {
    case WHERRY_FILE_ERROR_REFUSED:
      return remote ? WHERRY_EXIT_REFUSED : WHERRY_EXIT_IN_THE_WAY;
    case WHERRY_FILE_ERROR_IN_THE_WAY:
    case WHERRY_FILE_ERROR_NO_SPACE:
      return WHERRY_EXIT_IN_THE_WAY;
    case WHERRY_FILE_ERROR_UNVERIFIED:
      return WHERRY_EXIT_UNVERIFIED;
    case WHERRY_FILE_ERROR_ENDED:
    case WHERRY_FILE_ERROR_REPLACED:
      return WHERRY_EXIT_LEFT;
    case WHERRY_FILE_ERROR_UNREADABLE:
      return remote ? WHERRY_EXIT_LEFT : WHERRY_EXIT_FAILED;
    case WHERRY_FILE_ERROR_FAILED:
    case WHERRY_FILE_ERROR_PROTOCOL:
    default:
      return WHERRY_EXIT_FAILED;
    }
}
