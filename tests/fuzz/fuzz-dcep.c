/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-dcep.h"

/* What is accepted is written again as the same bytes, a reliable channel's parameter apart. */
static void
check_open (const WherryDcepOpen *open, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  g_autofree guint8 *written = wherry_dcep_open_write (open, &length, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (open->label), <=, WHERRY_CHANNEL_NAME_MAX);
  g_assert_cmpuint (strlen (open->protocol), <=, WHERRY_CHANNEL_NAME_MAX);
  g_assert_cmpuint (length, ==, size);
  g_assert_cmpmem (written, 4, data, 4);
  if (open->reliability != WHERRY_DCEP_RELIABLE)
    g_assert_cmpmem (written + 4, 4, data + 4, 4);
  g_assert_cmpmem (written + 8, length - 8, data + 8, size - 8);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (WherryDcepOpen) open = { 0 };
  g_autoptr (GError) error = NULL;
  WherryDcepType type;
  gboolean known = wherry_dcep_get_type (data, size, &type, NULL);

  if (wherry_dcep_ack_parse (data, size, NULL))
    g_assert_true (known && type == WHERRY_DCEP_ACK);
  if (!wherry_dcep_open_parse (&open, data, size, &error))
    {
      g_assert_true (error->domain == WHERRY_ERROR);
      g_assert_null (open.label);
      return 0;
    }
  g_assert_true (known && type == WHERRY_DCEP_OPEN);
  check_open (&open, data, size);
  return 0;
}
