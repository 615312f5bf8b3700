/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "model.h"

/* What clients send. */

static WherryMessage *
make_message (Model *model, const ModelChannel *channel, guint id)
{
  const ModelMessage *record = &g_array_index (model->messages, ModelMessage, id - 1);
  g_autofree guint8 *data = g_malloc (record->size);

  memset (data, 'a' + id % 26, record->size);
  g_snprintf ((char *) data, MODEL_PAYLOAD_HEADER + 1, "%08x%08x", id, record->size);
  data[MODEL_PAYLOAD_HEADER] = 'a' + id % 26; /* over the terminator */
  if (channel->addressed)
    return model_frame (model, record, id, data);
  /* charged as SCTP would when it has received it */
  return wherry_message_new (id % 2 == 1 ? WHERRY_MESSAGE_TEXT : WHERRY_MESSAGE_BINARY, data,
                             record->size, wherry_relay_hub_get_budget (model->relay));
}

static void
count_sent (ModelChannel *channel, WherryMessage *message)
{
  Model *model = channel->client->model;
  gsize charge = wherry_message_get_charge (message);

  model->max_charge = MAX (model->max_charge, charge);
  channel->client->sent_bytes += charge;
  if (!channel->open)
    model->early_bytes += charge;
}

/* One channel of its own at a time counts what it publishes on a topic. */
static gboolean
counts (const ModelChannel *channel)
{
  return channel->addressed && !channel->theirs
         && channel->client->topics[channel->topic].n_own == 1;
}

static gboolean
send_one (ModelClient *self, ModelChannel *channel, guint size, const ModelClient *to)
{
  Model *model = self->model;
  ModelMessage record = {
    .from = self->index,
    .channel = channel->id,
    .number = channel->n_sent + 1,
    .topic = channel->topic,
    .size = size,
    .on_mirror = channel->theirs,
    .to = to != NULL && channel->addressed ? to->index + 1 : 0,
    .own = counts (channel) ? self->topics[channel->topic].own + 1 : 0,
  };
  guint id = model->messages->len + 1;
  g_autoptr (WherryMessage) message = NULL;

  g_array_append_val (model->messages, record);
  message = make_message (model, channel, id);
  if (wherry_channel_send (channel->channel, message) != WHERRY_SEND_OK)
    {
      g_array_set_size (model->messages, id - 1);
      return FALSE;
    }
  channel->n_sent++;
  if (record.own > 0)
    self->topics[channel->topic].own = record.own;
  count_sent (channel, message);
  model_flow_sent (model, channel, id);
  return TRUE;
}

void
model_client_send (ModelClient *self, ModelChannel *channel, guint n, guint size,
                   const ModelClient *to)
{
  guint sent = 0;

  if (!model_client_is_usable (self) || channel->channel == NULL)
    return;
  size = MAX (size, MODEL_PAYLOAD_HEADER + 1);
  while (sent < n && send_one (self, channel, size, to))
    sent++;
  model_trace (self->model, "%s sends %u of %u bytes on c%u%s%s: to #%u", self->name, sent, size,
               channel->id, to != NULL && channel->addressed ? " to " : "",
               to != NULL && channel->addressed ? to->name : "", self->model->messages->len);
}

void
model_client_send_again (ModelClient *self, ModelChannel *channel)
{
  Model *model = self->model;

  if (!model_client_is_usable (self) || channel->channel == NULL || !counts (channel))
    return;
  for (guint id = model->messages->len; id > 0; id--)
    {
      const ModelMessage *record = &g_array_index (model->messages, ModelMessage, id - 1);
      g_autoptr (WherryMessage) message = NULL;

      if (record->from != self->index || record->topic != channel->topic || record->own == 0
          || (record->channel != channel->id && !self->topics[channel->topic].same_seat))
        continue;
      model_trace (model, "%s sends #%u again on c%u", self->name, id, channel->id);
      message = make_message (model, channel, id);
      if (wherry_channel_send (channel->channel, message) == WHERRY_SEND_OK)
        count_sent (channel, message);
      return;
    }
}
