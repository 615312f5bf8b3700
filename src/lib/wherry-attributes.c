/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-attributes-private.h"

#include <string.h>

#include "base/wherry-error.h"
#include "wire/wherry-signal.h"

gboolean
wherry_attributes_check (const char *json, GError **error)
{
  g_autoptr (GError) wrong = NULL;

  if (json == NULL || wherry_signal_attributes_check (json, strlen (json), &wrong))
    return TRUE;
  /* what a peer would have broken the protocol with is a wrong argument here */
  g_set_error_literal (error, WHERRY_ERROR,
                       wrong->code == WHERRY_ERROR_TOO_LARGE ? WHERRY_ERROR_TOO_LARGE
                                                             : WHERRY_ERROR_INVALID_ARGUMENT,
                       wrong->message);
  return FALSE;
}
