/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-negotiated-channels.h"

static WherryReliability
reliability_of (WherryDcepReliability reliability)
{
  switch (reliability)
    {
    case WHERRY_DCEP_REXMIT:
      return WHERRY_MAX_RETRANSMITS;
    case WHERRY_DCEP_TIMED:
      return WHERRY_MAX_PACKET_LIFE_TIME;
    case WHERRY_DCEP_RELIABLE:
    default:
      return WHERRY_RELIABLE;
    }
}

GArray *
wherry_negotiated_channels_list (const GPtrArray *channels)
{
  GArray *inits = g_array_new (FALSE, FALSE, sizeof (WherryChannelInit));

  for (guint i = 0; i < channels->len; i++)
    {
      const WherrySignalChannel *channel = channels->pdata[i];
      WherryChannelInit init = {
        .label = channel->label,
        .protocol = channel->protocol,
        .ordered = channel->ordered,
        .reliability = reliability_of (channel->reliability),
        .reliability_value = channel->value,
        .priority = 256, /* "normal": RFC 8831 section 6.4 */
        .negotiated = TRUE,
        .id = channel->id,
      };

      g_array_append_val (inits, init);
    }
  return inits;
}
