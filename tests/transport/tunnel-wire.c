/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "tunnel-wire.h"

gboolean
tunnel_wire_carry (GQueue *wire, WherryFrameStream *to)
{
  g_autoptr (GBytes) frames = g_queue_pop_head (wire);
  gsize length;
  const guint8 *data;
  g_autofree guint8 *exact = NULL;

  if (frames == NULL)
    return FALSE;
  data = g_bytes_get_data (frames, &length);
  exact = g_memdup2 (data, length);
  wherry_frame_stream_input (to, exact, length);
  return TRUE;
}
