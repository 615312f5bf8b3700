/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-data-channel.h"

G_DEFINE_BOXED_TYPE (WherryDataChannelInit, wherry_data_channel_init, wherry_data_channel_init_copy,
                     wherry_data_channel_init_free)

WherryDataChannelInit *
wherry_data_channel_init_new (void)
{
  WherryDataChannelInit *self = g_new0 (WherryDataChannelInit, 1);

  self->ordered = TRUE;
  self->max_packet_life_time = -1;
  self->max_retransmits = -1;
  self->id = -1;
  self->priority = WHERRY_PRIORITY_LOW;
  return self;
}

void
wherry_data_channel_init_set_protocol (WherryDataChannelInit *self, const char *protocol)
{
  char *copy = g_strdup (protocol);

  g_return_if_fail (self != NULL);
  g_free (self->protocol);
  self->protocol = copy;
}

const char *
wherry_data_channel_init_get_protocol (const WherryDataChannelInit *self)
{
  g_return_val_if_fail (self != NULL, "");
  return self->protocol != NULL ? self->protocol : "";
}

WherryDataChannelInit *
wherry_data_channel_init_copy (const WherryDataChannelInit *self)
{
  WherryDataChannelInit *copy = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  copy = g_memdup2 (self, sizeof *self);
  copy->protocol = g_strdup (self->protocol);
  return copy;
}

void
wherry_data_channel_init_free (WherryDataChannelInit *self)
{
  if (self == NULL)
    return;
  g_free (self->protocol);
  g_free (self);
}
