// A client with the types that were generated from the description: the compiler checks that they say what the requests
// and answers are.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

const client = createClient<paths>({ baseUrl: "http://localhost:7474", headers: { Authorization: "Bearer none" } });

export async function firstTitle(text: string): Promise<string | undefined> {
  const { data, error } = await client.POST("/v1/search", { body: { text, limit: 5 } });
  if (error) {
    const code: components["schemas"]["ProblemCode"] = error.code;
    throw new Error(code);
  }
  const results: components["schemas"]["Recommendation"][] = data.results;
  return results[0]?.paper.title;
}

export async function similarIds(id: string): Promise<string[]> {
  const { data } = await client.GET("/v1/papers/{id}/similar", { params: { path: { id }, query: { categories: ["cs.CL"] } } });
  return data?.results.map((result) => result.paper.id) ?? [];
}

export async function like(profile: string, papers: string[]): Promise<string[]> {
  const { data } = await client.POST("/v1/profiles/{id}/feedback", {
    params: { path: { id: profile } },
    body: { kind: "like", papers },
  });
  return data?.not_found ?? [];
}

export async function recommend(liked: string[]): Promise<number> {
  const positive = [...liked, { id: "2401.12345", weight: 0.5 }];
  const { data } = await client.POST("/v1/recommend", { body: { positive } });
  return data?.results.length ?? 0;
}

// @ts-expect-error: a search needs a text
void client.POST("/v1/search", { body: { limit: 5 } });
