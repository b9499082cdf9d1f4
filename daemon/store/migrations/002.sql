-- Which text of a step with variants a message has: the name of its template. NULL: the step had none when the message
-- was planned.
ALTER TABLE message ADD COLUMN variant TEXT;
