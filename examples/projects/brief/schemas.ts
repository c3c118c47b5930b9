/** Shapes of answers: tasks.yaml names them. */
import { z } from 'zod';

export const Brief = z.object({ title: z.string().max(80), text: z.string() });
