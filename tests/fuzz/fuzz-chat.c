/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "cli/join/wherry-chat.h"
#include "cli/wherry-terminal.h"
#include "fuzz/fuzz.h"

/* What somebody says in a room: what comes out of it is text, and says the same when it is said
 * again; on a terminal there is no control character of it. */

static void
check_safe (const char *text)
{
  g_autofree char *safe = wherry_terminal_safe (text);

  g_assert_true (g_utf8_validate (safe, -1, NULL));
  for (const char *c = safe; *c != '\0'; c = g_utf8_next_char (c))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (c)));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *name = NULL;
  g_autofree char *text = wherry_chat_unpack ((const char *) data, size, &name);
  g_autofree char *packed = NULL;
  g_autofree char *again_name = NULL;
  g_autofree char *again = NULL;

  if (text == NULL)
    return 0;
  check_safe (text);
  if (name != NULL)
    check_safe (name);
  packed = wherry_chat_pack ("0123456789abcdef", name, text);
  again = wherry_chat_unpack (packed, strlen (packed), &again_name);
  g_assert_cmpstr (again, ==, text);
  return 0;
}
