/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "model.h"

/* What must come to whom, decided in the moment of sending from what the clients know then. What
 * may or may not come (on a channel not yet acknowledged, say) is not due, but comes once and in
 * order if it comes. */

typedef enum
{
  COVER_NONE, /* it may come */
  COVER_RELIABLE,
  COVER_LOSSY,
} Cover;

static ModelMessage *
get_message (Model *self, guint id)
{
  return &g_array_index (self->messages, ModelMessage, id - 1);
}

gboolean
model_flow_has_come (const ModelClient *self, guint id)
{
  return id / 8 < self->came->len && (self->came->data[id / 8] & 1u << id % 8) != 0;
}

static void
set_come (ModelClient *self, guint id)
{
  guint length = self->came->len;

  if (id / 8 >= length)
    {
      g_byte_array_set_size (self->came, id / 8 + 64);
      memset (self->came->data + length, 0, self->came->len - length);
    }
  self->came->data[id / 8] |= (guint8) (1u << id % 8);
}

static ModelFlow *
get_flow (ModelClient *self, guint channel)
{
  ModelFlow *flow = g_hash_table_lookup (self->flows, GUINT_TO_POINTER (channel));

  if (flow == NULL)
    {
      flow = g_new0 (ModelFlow, 1);
      g_queue_init (&flow->due);
      g_hash_table_insert (self->flows, GUINT_TO_POINTER (channel), flow);
    }
  return flow;
}

/* ---- sent ---- */

/* Whether a mirror speaker's topic lives by an acknowledged channel, and of which kind all are. */
static Cover
cover_of_topic (Model *model, guint room, guint topic)
{
  const GPtrArray *owns = model->rooms[room].owns;
  Cover cover = COVER_NONE;

  for (guint i = 0; i < owns->len; i++)
    {
      const ModelChannel *own = g_ptr_array_index (owns, i);

      if (own->topic != topic || !own->open || own->client->ended || own->client->cut
          || own->client->member == NULL)
        continue;
      if (!own->lossy)
        return COVER_RELIABLE;
      cover = model_topic_is_lossy (topic) ? COVER_LOSSY : COVER_NONE;
    }
  return cover;
}

static Cover
cover_by_mirror (ModelClient *self, const ModelChannel *on)
{
  Model *model = self->model;
  int rule = model->profile.mirror_rule[on->topic % 4];
  Cover alive = COVER_RELIABLE;

  if (on->theirs)
    alive = cover_of_topic (model, self->room, on->topic);
  if (!self->mirror || !self->settled || self->topics[on->topic].closed
      || !model->profile.mirrors_fit || rule == 0 || alive == COVER_NONE)
    return COVER_NONE;
  if (rule > 0)
    return rule == 1 ? COVER_RELIABLE : COVER_LOSSY;
  if (on->theirs)
    return alive;
  if (!on->lossy)
    return COVER_RELIABLE;
  return model_topic_is_lossy (on->topic) ? COVER_LOSSY : COVER_NONE;
}

/* Of its own channels here, whether one is acknowledged, and whether all are of one kind. */
static gboolean
has_open (ModelClient *self, guint topic, gboolean *alike)
{
  gboolean open = FALSE;

  *alike = TRUE;
  for (guint i = 0; i < self->channels->len; i++)
    {
      const ModelChannel *channel = g_ptr_array_index (self->channels, i);

      if (channel->topic != topic || channel->theirs || channel->channel == NULL)
        continue;
      open |= channel->open;
      *alike &= channel->lossy == self->topics[topic].newest->lossy;
    }
  return open;
}

static Cover
get_cover (ModelClient *self, const ModelChannel *on, guint size)
{
  const ModelTopic *topic = &self->topics[on->topic];
  gboolean open;
  gboolean alike;
  Cover next;

  if (topic->kept && !(self->is_small && size + WHERRY_FRAME_HEADER_SIZE > MODEL_SMALL_MESSAGE))
    return COVER_RELIABLE;
  if (!self->connected || self->ended || self->cut
      || (self->is_small && size + WHERRY_FRAME_HEADER_SIZE > MODEL_SMALL_MESSAGE)
      || (self->model->profile.is_limited && !on->open) || (on->theirs && !on->sure))
    return COVER_NONE;
  if (topic->n_own == 0)
    return cover_by_mirror (self, on);
  if (topic->unsure)
    return COVER_NONE;
  next = topic->newest->lossy ? COVER_LOSSY : COVER_RELIABLE;
  if (topic->newest->open)
    return next;
  /* between the two, if they are of one kind */
  open = has_open (self, on->topic, &alike);
  if (!alike)
    return COVER_NONE;
  return open || cover_by_mirror (self, on) == next ? next : COVER_NONE;
}

static void
note_newest (ModelClient *self, guint id, gboolean due)
{
  Model *model = self->model;
  const ModelMessage *message = get_message (model, id);
  ModelTopic *topic = &self->topics[message->topic];
  const ModelNewest newest = { id, due };
  gboolean is_large
      = self->is_small && message->size + WHERRY_FRAME_HEADER_SIZE > MODEL_SMALL_MESSAGE;

  if (topic->lossy == NULL)
    topic->lossy = g_array_new (FALSE, FALSE, sizeof (ModelNewest));
  for (guint i = 0; i < topic->lossy->len; i++)
    {
      ModelNewest *known = &g_array_index (topic->lossy, ModelNewest, i);

      if (get_message (model, known->id)->channel != message->channel)
        continue;
      known->id = MAX (known->id, id);
      known->due = due || (known->due && !is_large);
      return;
    }
  g_array_append_val (topic->lossy, newest);
}

void
model_flow_joined (ModelClient *self)
{
  Model *model = self->model;

  for (guint id = 1; id <= model->messages->len; id++)
    {
      const ModelMessage *message = get_message (model, id);
      const ModelClient *from = g_ptr_array_index (model->clients, message->from);

      if (from->room == self->room && !from->left && from->accepted < id)
        note_newest (self, id, FALSE);
    }
}

void
model_flow_sent (Model *self, ModelChannel *on, guint id)
{
  const ModelMessage *message = get_message (self, id);

  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);
      Cover cover;

      if (client->room != on->client->room || client == on->client
          || (message->to != 0 && message->to != client->index + 1))
        continue;
      cover = get_cover (client, on, message->size);
      if (cover != COVER_RELIABLE)
        {
          note_newest (client, id, cover == COVER_LOSSY);
          continue;
        }
      g_queue_push_tail (&get_flow (client, on->id)->due, GUINT_TO_POINTER (id));
      client->n_due++;
    }
}

/* ---- came ---- */

/* Of two channels of a client's own, each has what was published while it was the one served. */
static gboolean
is_beside (const ModelChannel *on, const ModelFlow *flow)
{
  return flow->on != NULL && flow->on != on && !flow->on->theirs && !on->theirs;
}

static void
check_order (ModelClient *self, const ModelChannel *on, const ModelFlow *flow, guint id)
{
  Model *model = self->model;
  const ModelMessage *message = get_message (model, id);
  const ModelChannel *from = g_ptr_array_index (model->channels, message->channel - 1);

  if (message->number > flow->last || !on->ordered || !from->ordered || is_beside (on, flow))
    return;
  model_fail (model, "%s got #%u (number %u of c%u) on c%u after number %u on c%u", self->name, id,
              message->number, message->channel, on->id, flow->last, flow->on->id);
}

static void
settle_due (ModelClient *self, const ModelChannel *on, ModelFlow *flow, guint id)
{
  guint head = GPOINTER_TO_UINT (g_queue_peek_head (&flow->due));

  if (head == 0)
    return;
  if (head < id && !on->lossy && !is_beside (on, flow) && self->topics[on->topic].n_own < 2)
    model_fail (self->model, "%s got #%u on c%u without #%u before it", self->name, id, on->id,
                head);
  if (g_queue_remove (&flow->due, GUINT_TO_POINTER (id)))
    self->n_due--;
}

void
model_flow_came (ModelChannel *on, guint id)
{
  ModelClient *self = on->client;
  Model *model = self->model;
  const ModelMessage *message = get_message (model, id);
  const ModelClient *from = g_ptr_array_index (model->clients, message->from);
  ModelFlow *flow = get_flow (self, message->channel);

  model_trace (model, "%s <- #%u on c%u", self->name, id, on->id);
  if (message->topic != on->topic || from->room != self->room)
    model_fail (model, "%s got #%u, sent on %s in r%u, on c%u", self->name, id,
                model_topic_label (message->topic), from->room, on->id);
  if (from == self)
    model_fail (model, "%s got #%u, which it sent itself", self->name, id);
  if (message->to != 0 && message->to != self->index + 1)
    model_fail (model, "%s got #%u, which is for another", self->name, id);
  if (model_flow_has_come (self, id))
    model_fail (model, "%s got #%u a second time, on c%u", self->name, id, on->id);
  set_come (self, id);
  check_order (self, on, flow, id);
  settle_due (self, on, flow, id);
  if (message->number > flow->last)
    {
      flow->last = message->number;
      flow->on = on;
    }
  if (self->pace_us > 0)
    model->rooms[self->room].moved_us = model_now_us (model);
}

/* ---- no longer due ---- */

static void
forget_topic (ModelClient *self, guint topic)
{
  GArray *lossy = self->topics[topic].lossy;

  for (guint i = 0; lossy != NULL && i < lossy->len; i++)
    g_array_index (lossy, ModelNewest, i).due = FALSE;
}

void
model_flow_forget (ModelClient *self, int topic)
{
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_iter_init (&iter, self->flows);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const ModelChannel *channel
          = g_ptr_array_index (self->model->channels, GPOINTER_TO_UINT (key) - 1);

      if (topic >= 0 && channel->topic != (guint) topic)
        continue;
      self->n_due -= ((ModelFlow *) value)->due.length;
      g_queue_clear (&((ModelFlow *) value)->due);
    }
  for (guint i = 0; i < MODEL_TOPICS_MAX; i++)
    if (topic < 0 || i == (guint) topic)
      {
        forget_topic (self, i);
        self->topics[i].kept = FALSE;
      }
}

static void
drop_after (ModelClient *self, ModelFlow *flow, guint after)
{
  while (flow != NULL && flow->due.length > 0
         && GPOINTER_TO_UINT (g_queue_peek_tail (&flow->due)) > after)
    {
      g_queue_pop_tail (&flow->due);
      self->n_due--;
    }
}

void
model_flow_soften (ModelClient *self, guint topic)
{
  Model *model = self->model;
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  g_hash_table_iter_init (&iter, self->flows);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const ModelChannel *channel = g_ptr_array_index (model->channels, GPOINTER_TO_UINT (key) - 1);
      guint newest = GPOINTER_TO_UINT (g_queue_peek_tail (&((ModelFlow *) value)->due));

      if (channel->topic != topic || newest <= channel->client->accepted)
        continue;
      note_newest (self, newest, FALSE);
      drop_after (self, value, channel->client->accepted);
    }
}

/* What of this channel is due and was sent after: no longer. */
static void
forget_channel (Model *self, const ModelChannel *channel, guint after)
{
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->room != channel->client->room)
        continue;
      forget_topic (client, channel->topic);
      drop_after (client, g_hash_table_lookup (client->flows, GUINT_TO_POINTER (channel->id)),
                  after);
    }
}

void
model_flow_cut_off (ModelClient *publisher)
{
  Model *model = publisher->model;

  for (guint i = 0; i < publisher->channels->len; i++)
    {
      const ModelChannel *channel = g_ptr_array_index (publisher->channels, i);

      forget_channel (model, channel, publisher->accepted);
      if (!channel->theirs && channel->channel != NULL)
        model_flow_topic_shaken (model, publisher->room, channel->topic, TRUE);
    }
}

void
model_flow_topic_shaken (Model *self, guint room, guint topic, gboolean gone)
{
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->room != room)
        continue;
      if (!client->topics[topic].closed_known)
        client->topics[topic].closed_both = TRUE; /* if it is closing */
      /* what was sent on one that the client has closed since may be on its way still */
      for (guint j = 0; j < client->channels->len; j++)
        {
          ModelChannel *mirror = g_ptr_array_index (client->channels, j);

          if (!mirror->theirs || mirror->topic != topic)
            continue;
          mirror->sure = FALSE;
          if (gone && mirror->n_sent > 0)
            forget_channel (self, mirror, 0);
        }
    }
}

/* ---- nothing moves ---- */

static void
check_lossy (ModelClient *self, guint topic)
{
  Model *model = self->model;
  GArray *lossy = self->topics[topic].lossy;
  gboolean any_came = FALSE;
  guint due = 0;

  for (guint i = 0; i < lossy->len; i++)
    {
      const ModelNewest *newest = &g_array_index (lossy, ModelNewest, i);
      const ModelMessage *message = get_message (model, newest->id);
      const ModelClient *from = g_ptr_array_index (model->clients, message->from);

      if (newest->id > from->accepted && !from->left)
        return; /* not all are there to say which is the newest */
      any_came |= model_flow_has_come (self, newest->id);
      due = newest->due ? newest->id : due;
    }
  if (due != 0 && !any_came)
    model_fail (model, "%s reads, and has not the newest on %s: #%u", self->name,
                model_topic_label (topic), due);
  g_array_set_size (lossy, 0);
}

static void
check_due (ModelClient *self)
{
  Model *model = self->model;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->flows);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      guint head = GPOINTER_TO_UINT (g_queue_peek_head (&((ModelFlow *) value)->due));
      const ModelMessage *message = head != 0 ? get_message (model, head) : NULL;
      const ModelClient *from
          = head != 0 ? g_ptr_array_index (model->clients, message->from) : NULL;

      if (head != 0 && head <= from->accepted && !self->topics[message->topic].kept)
        model_fail (model, "%s reads, and has not #%u (number %u of c%u on %s)", self->name, head,
                    message->number, message->channel, model_topic_label (message->topic));
    }
}

void
model_flow_check (Model *self)
{
  for (guint i = 0; i < self->clients->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->clients, i);

      if (client->ended) /* all that it had sent was read first */
        client->accepted = self->messages->len;
    }
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);

      client->settled = client->connected;
      if (client->relay_end != NULL && !wherry_fake_stream_is_paused (client->relay_end)
          && !client->cut)
        client->accepted = self->messages->len;
    }
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->idle->len % 2 == 1 || client->ended || client->relay_end == NULL
          || wherry_fake_stream_is_paused (client->relay_end))
        continue;
      if (client->n_due > 0)
        check_due (client);
      for (guint j = 0; j < self->profile.n_topics; j++)
        {
          client->topics[j].unsure = FALSE;
          client->topics[j].closed_known
              = client->topics[j].closed && !client->topics[j].closed_both;
          if (client->topics[j].mirror != NULL)
            client->topics[j].mirror->sure = TRUE;
        }
      for (guint j = 0; j < self->profile.n_topics; j++)
        if (client->topics[j].lossy != NULL && client->topics[j].lossy->len > 0)
          check_lossy (client, j);
    }
}
