/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "fuzz/fuzz.h"
#include "wire/wherry-frame.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  guint8 header[WHERRY_FRAME_HEADER_SIZE];
  char id[WHERRY_MEMBER_ID_SIZE];
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strndup ((const char *) data, size);
  WherryFrame frame;
  guint64 member;

  /* the same bytes as text: whatever is taken for an id is written as it was */
  if (wherry_member_id_parse (text, &member))
    {
      wherry_member_id_format (member, id);
      g_assert_cmpstr (id, ==, text);
    }

  if (!wherry_frame_parse (&frame, data, size, &error))
    {
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
      return 0;
    }
  wherry_frame_write (&frame, header);
  g_assert_cmpmem (header, sizeof header, data, sizeof header);
  wherry_member_id_format (frame.member, id);
  g_assert_cmpint (wherry_member_id_parse (id, &member), ==, frame.member != 0);
  return 0;
}
