import type { Page } from "@playwright/test";

/** What somebody does who clears what sites keep, while the page stays open. */
export function clearKept(page: Page): Promise<void> {
  return page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((done, fail) => {
        const opening = indexedDB.open(name ?? "");
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => fail(opening.error);
      });
      const stores = [...database.objectStoreNames];
      const clearing = database.transaction(stores, "readwrite");
      for (const store of stores) clearing.objectStore(store).clear();
      await new Promise((done) => (clearing.oncomplete = done));
      database.close();
    }
  });
}

/** Everything that this site keeps in the browser, as one text to look into. */
export function keptIn(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const texts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
    const answer = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, fail) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => fail(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      const database = await answer(indexedDB.open(name ?? ""));
      for (const store of database.objectStoreNames) {
        texts.push(JSON.stringify(await answer(database.transaction(store).objectStore(store).getAll())));
      }
      database.close();
    }
    return texts.join("\n");
  });
}
