/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "model.h"
#include "relay/wherry-member-port-private.h"
#include "relay/wherry-outbox-private.h"

/* What the relay holds, and for how long it lets some wait for others. */

/* How late it may see that a limit is reached: it looks every 50 ms, and so does time here. */
#define LATE_US (110 * (G_USEC_PER_SEC / 1000))

/* What may come on top of a full outbox that blocks: of each publisher the message that filled it,
 * what was held for a channel that the hub had not answered for, what one that vanished had sent.
 */
static gsize
get_excess (Model *self)
{
  return self->present->len * self->max_charge + self->early_bytes + self->dead_bytes;
}

static gsize
get_read (const ModelClient *client)
{
  return client->sent_bytes
         - wherry_stream_transport_get_buffered (WHERRY_STREAM_TRANSPORT (client->end));
}

/* Who waits for a mirror's reset is read on while others are full, see delivery.md. */
static void
note_grace (Model *self)
{
  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);
      gsize read = client->relay_end != NULL ? get_read (client) : 0;

      if (client->relay_end != NULL && client->paused_us >= 0 && read > client->noted_bytes
          && wherry_gate_is_shut (client->member->port->gate))
        self->early_bytes += read - client->noted_bytes;
      client->noted_bytes = read;
    }
}

static void
check_set (Model *self, WherryRelayMember *member, gsize excess)
{
  WherryOutboxSet *set = wherry_member_port_get_set (member->port);
  gsize lossy = self->config->outbox.outbox_high + 2 * self->max_charge;
  gsize bytes = 0;

  for (guint i = 0; i < set->outboxes->len; i++)
    {
      const WherryOutbox *outbox = g_ptr_array_index (set->outboxes, i);
      gboolean is_lossy = outbox->policy != WHERRY_POLICY_BLOCK;

      bytes += outbox->bytes;
      if (is_lossy ? outbox->bytes > lossy + 64 * WHERRY_KIB
                   : outbox->bytes > self->config->outbox.outbox_high + excess)
        model_fail (self, "%s: an outbox holds %" G_GSIZE_FORMAT " bytes, %u messages",
                    member->name, outbox->bytes, outbox->queue.length);
      if (is_lossy && outbox->queue.length > 2 && outbox->bytes > lossy)
        model_fail (self, "%s: a lossy outbox holds %" G_GSIZE_FORMAT " bytes", member->name,
                    outbox->bytes);
    }
  if (bytes != set->bytes)
    model_fail (self, "%s holds %" G_GSIZE_FORMAT " bytes and counts %" G_GSIZE_FORMAT,
                member->name, bytes, set->bytes);
  if (bytes > self->config->member_bytes + excess + set->outboxes->len * self->max_charge)
    model_fail (self, "%s holds %" G_GSIZE_FORMAT " bytes", member->name, bytes);
}

void
model_limits_check (Model *self)
{
  gsize excess;
  gsize used = wherry_budget_get_used (wherry_relay_hub_get_budget (self->relay));
  gsize streams = self->present->len * (self->profile.window + self->max_charge);
  GHashTableIter iter;
  gpointer value;

  note_grace (self);
  excess = get_excess (self);
  if (wherry_counter_get (WHERRY_COUNTER_BUGS) > 0)
    model_fail (self, "the relay has noticed a defect of its own");
  if (used > self->config->memory_budget + streams + excess)
    model_fail (self, "the process holds %" G_GSIZE_FORMAT " bytes", used);
  g_hash_table_iter_init (&iter, self->relay->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((WherryRelayMember *) value)->port != NULL)
      check_set (self, value, excess);
}

/* How long it did not read, of the window that ends now. */
static gint64
get_idle_us (ModelClient *self)
{
  gint64 now_us = model_now_us (self->model);
  gint64 begin_us = now_us - self->model->config->outbox.block_window_us;
  gint64 sum_us = 0;

  for (guint i = 0; i < self->idle->len; i += 2)
    {
      gint64 from_us = g_array_index (self->idle, gint64, i);
      gint64 to_us = i + 1 < self->idle->len ? g_array_index (self->idle, gint64, i + 1) : now_us;

      sum_us += MAX (0, to_us - MAX (from_us, begin_us));
    }
  return sum_us;
}

/* For how long it may be waited for without being to blame: while its channel takes a mirror's
 * place, the mirror's reset may come in behind what it publishes, which is not read because
 * somebody else is full. See delivery.md: then that is read on. */
static gint64
get_grace_us (const ModelClient *self)
{
  for (guint i = 0; i < self->channels->len; i++)
    if (((const ModelChannel *) g_ptr_array_index (self->channels, i))->theirs)
      return MIN (G_USEC_PER_SEC / 2, self->model->config->outbox.block_limit_us / 4);
  return 0;
}

void
model_limits_left_slow (Model *model, guint index)
{
  ModelClient *client = g_ptr_array_index (model->clients, index);
  gint64 idle_us = get_idle_us (client);

  for (guint i = 0; i < model->profile.n_rooms; i++)
    if (i == client->room || model->profile.is_poor)
      model->rooms[i].slow_us = model_now_us (model);
  if (idle_us < model->config->outbox.block_limit_us - get_grace_us (client))
    model_fail (model, "%s left as slow and had not read for %" G_GINT64_FORMAT " ms only",
                client->name, idle_us / 1000);
}

/* For the trace: whom the publishers wait for. */
static void
tell_waiting (Model *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->relay->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const WherryRelayMember *member = value;
      const WherryOutboxSet *set
          = member->port != NULL ? wherry_member_port_get_set (member->port) : NULL;

      for (guint i = 0; set != NULL && i < set->outboxes->len; i++)
        {
          WherryOutbox *outbox = g_ptr_array_index (set->outboxes, i);

          if (outbox->waiters != NULL)
            model_trace (self,
                         "%u wait for %s, which holds %" G_GSIZE_FORMAT
                         " bytes there and %" G_GSIZE_FORMAT ", since %" G_GINT64_FORMAT " ms",
                         outbox->waiters->len, member->name, outbox->bytes, set->bytes,
                         wherry_block_clock_get (&outbox->clock, model_now_us (self)) / 1000);
        }
    }
}

void
model_limits_check_pauses (Model *self)
{
  gint64 now_us = model_now_us (self);

  for (guint i = 0; i < self->present->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->present, i);
      const ModelRoom *room = &self->rooms[client->room];
      gint64 since_us;
      gsize read;

      if (client->relay_end == NULL || !wherry_fake_stream_is_paused (client->relay_end))
        {
          client->paused_us = -1;
          continue;
        }
      read = get_read (client);
      if (client->paused_us < 0 || read != client->read_bytes)
        client->paused_us = now_us;
      client->read_bytes = read;
      since_us = MAX (client->paused_us, MAX (room->slow_us, room->moved_us));
      if (now_us - since_us <= self->config->outbox.block_limit_us + LATE_US)
        continue;
      tell_waiting (self);
      model_fail (self, "%s is not read for %" G_GINT64_FORMAT " ms, and nobody left for that",
                  client->name, (now_us - client->paused_us) / 1000);
    }
}

/* Both keep the newest, which is what is promised. */
void
model_limits_change_policy (ModelClient *client, WherryPolicy policy)
{
  WherryMemberPort *port = client->member != NULL ? client->member->port : NULL;
  GPtrArray *outboxes = port != NULL ? wherry_member_port_get_set (port)->outboxes : NULL;

  model_trace (client->model, "%s has another policy", client->name);
  for (guint i = 0; outboxes != NULL && i < outboxes->len; i++)
    {
      WherryOutbox *outbox = g_ptr_array_index (outboxes, i);
      const WherryOutboxLimits limits = outbox->limits;

      if (outbox->policy != WHERRY_POLICY_BLOCK && outbox->label != NULL
          && !g_str_has_prefix (outbox->label, WHERRY_LABEL_RESERVED))
        wherry_outbox_change_policy (outbox, policy, &limits);
    }
}

/* The stream pair has no description in which a client could say so. */
void
model_limits_apply (Model *self)
{
  for (guint i = 0; i < self->present->len; i++)
    {
      const ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->is_small && client->member != NULL && client->member->port != NULL)
        wherry_outbox_set_set_max_message_size (wherry_member_port_get_set (client->member->port),
                                                MODEL_SMALL_MESSAGE);
    }
}
