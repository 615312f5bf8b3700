/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "model.h"

/* Addressed framing: every message to everyone has one number on its topic, the same for all, and
 * who is subscribed by a reliable channel gets all numbers in order but those of its own messages:
 * also where history ends and the live stream begins. */

static guint64
to_member_id (const ModelClient *client)
{
  return g_ascii_strtoull (client->id, NULL, 16);
}

WherryMessage *
model_frame (Model *self, const ModelMessage *message, guint id, const guint8 *payload)
{
  const ModelClient *to
      = message->to != 0 ? g_ptr_array_index (self->clients, message->to - 1) : NULL;
  const WherryFrame frame = {
    .text = id % 2 == 1,
    .member = to != NULL ? to_member_id (to) : 0,
    .sequence = message->own,
  };
  guint8 *data = g_malloc (WHERRY_FRAME_HEADER_SIZE + message->size);

  wherry_frame_write (&frame, data);
  memcpy (data + WHERRY_FRAME_HEADER_SIZE, payload, message->size);
  return wherry_message_new_take (WHERRY_MESSAGE_BINARY, data,
                                  WHERRY_FRAME_HEADER_SIZE + message->size,
                                  wherry_relay_hub_get_budget (self->relay));
}

gboolean
model_unframe (const guint8 **data, gsize *length, WherryFrame *frame)
{
  if (!wherry_frame_parse (frame, *data, *length, NULL))
    return FALSE;
  *data += WHERRY_FRAME_HEADER_SIZE;
  *length -= WHERRY_FRAME_HEADER_SIZE;
  return TRUE;
}

static gpointer
to_key (guint topic, guint64 sequence)
{
  return GSIZE_TO_POINTER ((guint64) (topic + 1) << 40 | sequence);
}

static void
note_number (ModelClient *self, guint id, guint64 sequence)
{
  Model *model = self->model;
  ModelMessage *message = &g_array_index (model->messages, ModelMessage, id - 1);
  GHashTable *numbers = model->rooms[self->room].numbers;
  gpointer key = to_key (message->topic, sequence);
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, key));

  if (sequence == 0 || (message->sequence != 0 && message->sequence != sequence))
    model_fail (model, "%s got #%u as number %" G_GUINT64_FORMAT ", others as %" G_GUINT64_FORMAT,
                self->name, id, sequence, message->sequence);
  if (known != 0 && known != id)
    model_fail (model, "%s got #%u as number %" G_GUINT64_FORMAT ", which is #%u", self->name, id,
                sequence, known);
  message->sequence = sequence;
  g_hash_table_insert (numbers, key, GUINT_TO_POINTER (id));
}

static void
add_holes (ModelClient *self, guint topic, guint64 from, guint64 to)
{
  ModelHole hole = { self->index, topic, from };

  for (; hole.sequence < to; hole.sequence++)
    g_array_append_val (self->model->rooms[self->room].holes, hole);
}

/* The last of what is kept, as many as it wants, must have been replayed before the first that was
 * not. */
static void
check_seam (ModelClient *self, const ModelChannel *on, guint64 sequence)
{
  ModelTopic *known = &self->topics[on->topic];
  const ModelProfile *profile = &self->model->profile;
  guint64 n = MIN (self->history, profile->history);

  if (known->has_live)
    return;
  known->has_live = TRUE;
  if (known->is_fresh && !on->theirs && model_topic_has_history (profile, on->topic))
    add_holes (self, on->topic, sequence > n ? sequence - n : 1, known->first);
}

/* On one channel there are no gaps while no other is closed, nor where the first of its own takes a
 * mirror's place, unless there may have been another mirror in between that was refused. */
static gboolean
goes_on (const ModelTopic *known, const ModelChannel *on)
{
  const ModelChannel *before = known->seen_on;
  gboolean is_limited = on->client->model->profile.is_limited;

  return (before == on && on->id > known->closed_at)
         || (before != NULL && before->theirs && !before->lossy && !on->theirs
             && known->closed_at == 0 && !is_limited);
}

void
model_numbers_came (ModelChannel *on, guint id, const WherryFrame *frame)
{
  ModelClient *self = on->client;
  Model *model = self->model;
  const ModelMessage *message = &g_array_index (model->messages, ModelMessage, id - 1);
  ModelTopic *known = &self->topics[on->topic];
  const ModelClient *from = g_ptr_array_index (model->clients, message->from);
  gboolean is_apart = on->lossy || !on->ordered || known->n_own > 1; /* numbers may overtake */

  if (frame->member != to_member_id (from))
    model_fail (model, "%s got #%u of %s as somebody else's", self->name, id, from->name);
  if (frame->direct != (message->to != 0))
    model_fail (model, "%s got #%u, which was sent to %s", self->name, id,
                message->to != 0 ? "it alone" : "everyone");
  if (frame->direct)
    {
      if (frame->sequence <= known->direct && !is_apart)
        model_fail (model, "%s got #%u as its number %" G_GUINT64_FORMAT, self->name, id,
                    frame->sequence);
      known->direct = MAX (known->direct, frame->sequence);
      return;
    }
  note_number (self, id, frame->sequence);
  known->top = MAX (known->top, frame->sequence);
  if (is_apart)
    {
      known->seen = MAX (known->seen, frame->sequence);
      known->seen_on = on;
      known->is_fresh = FALSE;
      return;
    }
  if (frame->sequence <= known->seen)
    model_fail (model, "%s got #%u, number %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT,
                self->name, id, frame->sequence, known->seen);
  if (frame->replayed && known->has_live)
    model_fail (model, "%s got #%u replayed behind others", self->name, id);
  if (known->seen == 0)
    known->first = frame->sequence;
  if (!frame->replayed)
    check_seam (self, on, frame->sequence);
  if (known->seen > 0 && goes_on (known, on))
    add_holes (self, on->topic, known->seen + 1, frame->sequence);
  known->seen = frame->sequence;
  known->seen_on = on;
}

void
model_history_begin_anew (ModelClient *self, guint topic)
{
  Model *model = self->model;
  GHashTableIter iter;
  gpointer key;
  gpointer value;

  for (guint id = 1; id <= model->messages->len && id / 8 < self->came->len; id++)
    if (g_array_index (model->messages, ModelMessage, id - 1).topic == topic)
      self->came->data[id / 8] &= (guint8) ~(1u << id % 8);
  g_hash_table_iter_init (&iter, self->flows);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const ModelChannel *channel = g_ptr_array_index (model->channels, GPOINTER_TO_UINT (key) - 1);

      if (channel->topic == topic)
        ((ModelFlow *) value)->last = 0;
    }
}

void
model_numbers_check (Model *self)
{
  for (guint i = 0; i < MODEL_ROOMS_MAX; i++)
    {
      GArray *holes = self->rooms[i].holes;

      for (guint j = holes->len; j > 0; j--)
        {
          const ModelHole *hole = &g_array_index (holes, ModelHole, j - 1);
          guint id = GPOINTER_TO_UINT (
              g_hash_table_lookup (self->rooms[i].numbers, to_key (hole->topic, hole->sequence)));
          const ModelMessage *message
              = id != 0 ? &g_array_index (self->messages, ModelMessage, id - 1) : NULL;
          const ModelClient *client = g_ptr_array_index (self->clients, hole->client);

          if (message == NULL) /* nobody has said yet whose it is */
            continue;
          if (message->from != hole->client && !model_flow_has_come (client, id)
              && !(client->is_small
                   && message->size + WHERRY_FRAME_HEADER_SIZE > MODEL_SMALL_MESSAGE))
            model_fail (self, "%s did not get #%u, number %" G_GUINT64_FORMAT " on %s",
                        client->name, id, hole->sequence, model_topic_label (hole->topic));
          g_array_remove_index_fast (holes, j - 1);
        }
    }
}

void
model_numbers_forget (ModelRoom *room)
{
  g_hash_table_remove_all (room->numbers);
  g_array_set_size (room->holes, 0);
}
