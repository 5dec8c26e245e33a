import { createContext, useContext } from 'react';

export const UserContext = createContext('');
/** The id of whoever is signed in. */
export const useUser = (): string => useContext(UserContext);
